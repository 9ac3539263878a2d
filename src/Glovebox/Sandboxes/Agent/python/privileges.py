PR_SET_DUMPABLE = 4
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION = 0x20080522
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7


class Privileges:
    """What this process may do, and what guest code may do.

    Where the agent is root, it keeps three capabilities after the set-up: to end every process, and to make guest processes another
    user's. It uses files as that user, so a link or a mode of the guest's leads it nowhere that the guest could not go by itself.
    Where the guest is to be root, too, nobody keeps any.
    """

    def __init__(self, hides):
        self.hides = hides
        self.user = None
        self.sealed = False
        # The program of seccomp(2) for guest code; nothing where there is a filter from the beginning.
        self.filter = b''
        self.dumpable(0)

    def dumpable(self, value):
        """Lets other processes look into this one, or not: a process of the same user may trace it otherwise."""
        if self.hides:
            self.prctl(PR_SET_DUMPABLE, value)

    def configure(self, uid, gid, program):
        self.user = (uid, gid) if os.getuid() == 0 else None
        self.filter = bytes(program)

    def seal(self):
        """Ends the set-up: from here on nothing gets more than guest code may have."""
        if self.sealed:
            return
        if self.user is not None:
            self.drop(*self.user)
        if self.filter:
            self.install_filter()
        self.sealed = True

    def drop(self, uid, gid):
        for capability in range(64):
            held = LIBC.prctl(PR_CAPBSET_READ, capability, 0, 0, 0)
            if held < 0:
                break
            if held:
                self.prctl(PR_CAPBSET_DROP, capability)
        if uid != 0:
            os.setgroups([])
        for change, value in ((LIBC.setfsgid, gid), (LIBC.setfsuid, uid)):
            change(value)
            if change(value) != value:
                raise OSError(errno.EPERM, 'the user of files cannot be changed')
        kept = 1 << CAP_KILL | 1 << CAP_SETGID | 1 << CAP_SETUID if uid != 0 else 0
        header = struct.pack('<Ii', CAPABILITY_VERSION, 0)
        if LIBC.capset(header, struct.pack('<6I', kept, kept, 0, 0, 0, 0)) != 0:
            self.fail('capset')
        # Changing who one is makes one readable again on some kernels.
        self.dumpable(0)

    def can_filter(self):
        """Whether the kernel, or what stands in for it, takes filters of system calls: it looks for the missing one then."""
        return LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, None, 0, 0) != 0 and ctypes.get_errno() == errno.EFAULT

    def install_filter(self):
        """Filters the system calls of this process and of all that it starts from here on. It cannot be taken off again."""
        self.prctl(PR_SET_NO_NEW_PRIVS, 1)
        instructions = ctypes.create_string_buffer(self.filter, len(self.filter))
        program = struct.pack('HP', len(self.filter) // 8, ctypes.addressof(instructions))
        if LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
            self.fail('seccomp')

    def become_guest(self):
        """Turns this process, a fork of the agent, into one that has no more than guest code may have."""
        if self.user is not None:
            uid, gid = self.user
            if uid != 0:
                os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
        self.prctl(PR_SET_NO_NEW_PRIVS, 1)
        self.dumpable(1)

    def may_execute(self, path):
        """Whether whom a program is started for may execute it; asked about this process, the kernel would answer for root."""
        if self.user is None or not self.sealed:
            return os.access(path, os.X_OK)
        uid, gid = self.user
        try:
            status = os.stat(path)
        except OSError:
            return False
        bit = 0o100 if status.st_uid == uid else 0o010 if status.st_gid == gid else 0o001
        return status.st_mode & bit != 0

    def prctl(self, option, value):
        if LIBC.prctl(option, value, 0, 0, 0) != 0:
            self.fail('prctl')

    def fail(self, call):
        raise OSError(ctypes.get_errno(), call)
