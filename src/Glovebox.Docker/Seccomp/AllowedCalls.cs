namespace Glovebox.Docker.Seccomp;

/// <summary>The system calls that a container may make: what engines allow by default, less what the core's table refuses.</summary>
internal static class AllowedCalls
{
    /// <summary>Their names. What a processor does not have is skipped by the engine.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        // Files.
        .. Split(
            "open openat creat close close_range read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek readahead"),
        .. Split("sendfile splice tee vmsplice copy_file_range fallocate truncate ftruncate fsync fdatasync sync syncfs sync_file_range"),
        .. Split("fadvise64 cachestat flock fcntl ioctl dup dup2 dup3 pipe pipe2 memfd_create memfd_secret mknod mknodat"),
        .. Split("stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getdents getdents64"),
        .. Split("chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat umask utime utimes futimesat utimensat"),
        .. Split("mkdir mkdirat rmdir link linkat symlink symlinkat unlink unlinkat rename renameat renameat2 chdir fchdir getcwd"),
        .. Split(
            "getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr flistxattr listxattrat"),
        .. Split("removexattr lremovexattr fremovexattr removexattrat inotify_init inotify_init1 inotify_add_watch inotify_rm_watch"),
        .. Split("fanotify_mark io_submit io_cancel io_destroy io_getevents io_pgetevents"),

        // Memory.
        .. Split("brk mmap munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall membarrier mseal"),
        .. Split("remap_file_pages pkey_alloc pkey_free pkey_mprotect map_shadow_stack"),

        // Processes and threads.
        .. Split(
            "clone fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid getpgid getpgrp setpgid getsid setsid"),
        .. Split("kill tkill tgkill pidfd_open pidfd_send_signal prctl arch_prctl get_thread_area set_thread_area set_tid_address"),
        .. Split("get_robust_list set_robust_list rseq futex futex_waitv futex_wait futex_wake futex_requeue getcpu"),
        .. Split(
            "sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam sched_getscheduler"),
        .. Split("sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval getpriority setpriority"),
        .. Split("ioprio_get ioprio_set getrlimit setrlimit prlimit64 getrusage times seccomp"),
        .. Split("landlock_create_ruleset landlock_add_rule landlock_restrict_self"),

        // Users.
        .. Split("getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid setresuid setresgid"),
        .. Split("setfsuid setfsgid setgroups capget capset"),

        // Signals, waiting and time.
        .. Split("rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn"),
        .. Split("restart_syscall sigaltstack signalfd signalfd4 pause poll ppoll select pselect6 eventfd eventfd2"),
        .. Split("epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2"),
        .. Split("time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep alarm getitimer setitimer"),
        .. Split("timer_create timer_delete timer_gettime timer_settime timer_getoverrun timerfd_create timerfd_gettime timerfd_settime"),

        // Sockets and messages.
        .. Split("socket socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt"),
        .. Split("sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg"),
        .. Split("mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr msgget msgsnd msgrcv msgctl"),
        .. Split("semget semop semtimedop semctl shmget shmat shmdt shmctl"),

        // The system.
        .. Split("uname sysinfo getrandom"),
    ];

    /// <summary>The personalities of programs of this system, with and without fixed addresses, and the question which it is.</summary>
    public static IReadOnlyList<uint> Personalities { get; } = [0, 0x8, 0x20000, 0x20008, uint.MaxValue];

    private static string[] Split(string names) => names.Split(' ');
}
