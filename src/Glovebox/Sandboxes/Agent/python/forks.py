def most_files():
    """How many files a guest process may have open: few enough that 256 of them leave half of the machine's, which all users share."""
    try:
        with open('/proc/sys/fs/file-max') as file:
            return max(1024, min(4096, int(file.read()) // 512))
    except (OSError, ValueError):
        return 1024


# What the kernel counts for a user, who may have processes outside, or what memory does not bound.
GUEST_LIMITS = (
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_MEMLOCK, 8 << 20),
    (resource.RLIMIT_MSGQUEUE, 64 << 10),
    (resource.RLIMIT_NICE, 0),
    (resource.RLIMIT_NOFILE, most_files()),
    (resource.RLIMIT_RTPRIO, 0),
    (resource.RLIMIT_SIGPENDING, 4096),
)
TIOCSCTTY, TIOCSWINSZ, TIOCSPTLCK, TIOCGPTN = 0x540E, 0x5414, 0x40045431, 0x80045430
# Before version 2.34 libc does not have it, and before 5.9 the kernel.
CLOSE_RANGE = getattr(LIBC, 'close_range', None)


def input_file(data):
    """A file that is in memory alone, and is read from its beginning."""
    if not hasattr(os, 'memfd_create'):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    file = os.memfd_create('input')
    with open(file, 'wb', closefd=False) as writer:
        writer.write(data)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def keep(opened, fd):
    opened.append(fd)
    return fd


def pipe(opened):
    ends = os.pipe()
    opened += ends
    return ends


def open_terminal(opened, rows, columns):
    """Gives both ends of a new terminal: ours, and the program's. Not os.openpty: before version 2.33, libc changes the owner first."""
    ours = keep(opened, os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    fcntl.ioctl(ours, TIOCSPTLCK, struct.pack('i', 0))
    (number,) = struct.unpack('i', fcntl.ioctl(ours, TIOCGPTN, bytes(4)))
    theirs = keep(opened, os.open('/dev/pts/%d' % number, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW))
    resize(ours, rows, columns)
    return ours, theirs


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


class Forked(Exception):
    """Raised in a fork of the agent, so that nothing of the agent's is on the stack any more."""

    def __init__(self, fork):
        self.fork = fork


class Fork:
    """A process that was forked from the agent, and becomes a program of the guest's.

    One that is forked ahead of time, a spare, waits until it is told which program.
    """

    # What a pipe takes at once, however small the kernel has made it.
    LONGEST = select.PIPE_BUF
    GO = 3

    def __init__(self, fork, order=b'', kind=0, program=None):
        """Raises Forked in the child, and OSError where there can be no process."""
        self.order, self.as_root, self.is_background = order, kind & RUN_SETUP != 0, kind & RUN_BACKGROUND != 0
        self.input = self.writer = self.terminal = self.slave = None
        opened = []
        try:
            go, self.go = pipe(opened)
            if program is not None and program.rows:
                self.terminal, self.slave = open_terminal(opened, program.rows, program.columns)
                self.out, self.err = self.terminal, None
                out = err = self.input = self.slave
                self.writer = keep(opened, os.dup(self.terminal))
            else:
                self.out, out = pipe(opened)
                self.err, err = pipe(opened)
                if program is not None and program.data:
                    self.input = keep(opened, input_file(program.data))
                elif kind & RUN_INPUT:
                    self.input, self.writer = pipe(opened)
            self.pid = fork()
        except OSError:
            for fd in opened:
                os.close(fd)
            raise
        if self.pid == 0:
            self.go, self.out, self.err = go, out, err
            raise Forked(self)
        for fd in {go, out, err, self.input} - {None, self.slave}:
            os.close(fd)
        if order:
            os.close(self.go)

    def take(self, order):
        """Has a spare become a program. Tells whether it does."""
        try:
            if len(order) <= self.LONGEST:
                os.write(self.go, order)
                os.close(self.go)
                return True
        except BrokenPipeError:
            # The kernel has ended it, for want of memory.
            pass
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.close()
        return False

    def close(self):
        """Gives up a spare that has ended."""
        for fd in (self.go, self.out, self.err):
            os.close(fd)

    def become_program(self, processes):
        """In the child: becomes the program. Comes back with a script and its arguments, where it is to run in this interpreter."""
        path = 'agent'
        try:
            self.become_guest(processes)
            order = Reader(self.order or os.read(self.GO, self.LONGEST))
            if not order.data:
                os._exit(0)
            os.close(self.GO)
            script, path, folder, arguments, variables = order.text(), order.text(), order.text(), order.texts(), order.texts()
            os.environ.update(zip(variables[::2], variables[1::2]))
            os.chdir(folder)
            if script:
                return arguments
            # Python ignores these, and what is ignored stays so in another program.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            os.execv(path, [path] + arguments)
        except BaseException as e:
            os.write(2, ('%s: %s\n' % (path, getattr(e, 'strerror', None) or e)).encode('utf-8', 'backslashreplace'))
        os._exit(126)

    def become_guest(self, processes):
        """Turns a fork of the agent into a process that is the guest's: nothing of the agent's stays open in it."""
        os.setsid()
        if self.terminal is not None:
            fcntl.ioctl(self.input, TIOCSCTTY, 0)
        if self.is_background:
            # What it disowns stays its own, so that it ends with it and not before.
            LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        os.dup2(self.out, 1)
        os.dup2(self.err, 2)
        os.dup2(self.go, self.GO)
        if self.input is not None:
            os.dup2(self.input, 0)
        signal.set_wakeup_fd(-1)
        if CLOSE_RANGE is None or CLOSE_RANGE(self.GO + 1, 0x7fffffff, 0) != 0:
            os.closerange(self.GO + 1, 1 << 16)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.as_root:
            os.environ.update(HOME='/root', USER='root', LOGNAME='root')
        else:
            processes.agent.privileges.become_guest()
        # The kernel ends these before the agent when memory is short.
        try:
            score = os.open('/proc/self/oom_score_adj', os.O_WRONLY)
            os.write(score, b'1000')
            os.close(score)
        except OSError:
            pass
        for limit, most in GUEST_LIMITS:
            soft, hard = (value if 0 <= value < most else most for value in resource.getrlimit(limit))
            resource.setrlimit(limit, (soft, hard))
        if processes.address_space:
            resource.setrlimit(resource.RLIMIT_AS, (processes.address_space, processes.address_space))
        if processes.processes:
            resource.setrlimit(resource.RLIMIT_NPROC, (processes.processes, processes.processes))
