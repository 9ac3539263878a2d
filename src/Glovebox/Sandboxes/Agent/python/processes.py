class Program:
    """What the host wants to run, and with what."""

    def __init__(self, frame):
        self.script, self.names, self.arguments, self.variables = frame.text(), frame.texts(), frame.texts(), frame.texts()
        self.folder = frame.text()
        # Of its terminal; without rows it has none.
        self.rows, self.columns = frame.number('<H'), frame.number('<H')
        # What it reads, unless a stream brings that.
        self.data = frame.bytes()


class Run:
    def __init__(self, number, kind, fork):
        # While the other end of the terminal is open here, too, a program that closes its own is not hung up.
        self.number, self.pid, self.terminal, self.slave = number, fork.pid, fork.terminal, fork.slave
        self.pipes = {fork.out: STDOUT} if fork.err is None else {fork.out: STDOUT, fork.err: STDERR}
        self.is_background, self.lists = kind & RUN_BACKGROUND != 0, kind & RUN_LISTS != 0
        # Whether the ends of other runs leave it alive.
        self.stays = kind & (RUN_SERVICE | RUN_BACKGROUND) != 0


class Processes:
    """Guest processes: starts them, sends what they print, ends them."""

    # A background child keeps its run's pipes open. What it prints is read and dropped; past this many pipes the oldest are closed.
    MAX_DETACHED = 64
    # How often new processes are looked for among those that are to be ended, before everything is.
    MAX_SWEEPS = 50
    # The kernel tells here how often it has ended a process for want of memory, in version 2 of control groups and in version 1.
    OUT_OF_MEMORY_COUNTS = ('/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control')

    def __init__(self, agent):
        self.agent = agent
        self.runs = {}
        self.pipes = {}
        self.detached = []
        self.work = '/'
        self.address_space = self.processes = 0
        self.fork_python = False
        self.spares = Spares()
        self.interpreter = os.path.realpath(sys.executable) if sys.executable else ''
        self.out_of_memory = self.out_of_memory_count()

    def configure(self, address_space, processes, work, variables):
        self.address_space, self.processes, self.work = address_space, processes, work
        # This interpreter was started without what it would obey, so only a new one can.
        self.fork_python = True
        for name, value in zip(variables[::2], variables[1::2]):
            if name.startswith('PYTHON') and os.environ.get(name) != value:
                self.fork_python = False
            os.environ[name] = value
        find_user_site()

    def run(self, number, kind, program):
        as_root = kind & RUN_SETUP != 0
        if as_root and self.agent.privileges.sealed:
            self.exit(number, NOT_STARTED, 126, 'the set-up is over')
            return
        self.agent.streams.restore()
        # Many programs obey or import what they find where they are, and an earlier guest may have left it in the work directory.
        folder = os.path.join('/' if as_root else self.work, program.folder)
        path = find_program(program.names, os.path.join(self.work, program.folder), self.agent.privileges.may_execute)
        if path is None:
            self.exit(number, NOT_FOUND, 127, program.names[0] + ': not found')
            return
        if not self.agent.privileges.may_execute(path):
            self.exit(number, NOT_STARTED, 126, path + ': ' + os.strerror(errno.EACCES))
            return
        is_other = not self.fork_python or os.path.realpath(path) != self.interpreter or path != sys.executable
        # The script is among the arguments, too. An interpreter asks once, when it starts, whether it is at a terminal.
        is_fork = not is_other and not program.rows and not any(name.startswith('PYTHON') for name in program.variables[::2])
        order = fields([program.script if is_fork else '', path, folder])
        for texts in program.arguments, program.variables:
            order += struct.pack('<I', len(texts)) + fields(texts)
        is_plain = not program.data and not program.rows and not kind & (RUN_BACKGROUND | RUN_INPUT)
        fork = self.spares.take(order) if is_plain else None
        if fork is None:
            try:
                fork = Fork(self.fork, order, kind, program)
            except OSError as e:
                self.exit(number, NOT_STARTED, 126, 'no process can be started: ' + e.strerror)
                return
        self.track(Run(number, kind, fork))
        if fork.writer is not None:
            self.agent.streams.feed(number, fork.writer, fork.terminal is not None)

    def track(self, run):
        self.runs[run.pid] = run
        for fd in run.pipes:
            # A program can take back what it has printed, between the moment that we are told of it and the moment that we read it.
            os.set_blocking(fd, False)
            self.pipes[fd] = run
            self.agent.watch(fd, self.read_pipe)

    def fork(self):
        try:
            return os.fork()
        except OSError as e:
            if e.errno != errno.EAGAIN:
                raise
        # What earlier blocks left in the background has used up the processes. It goes, so that this block can run.
        if any(not run.stays for run in self.runs.values()):
            self.reap()
        else:
            self.kill_all_but_services()
        return os.fork()

    # Output and ends.

    def read_pipe(self, fd):
        run = self.pipes[fd]
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            # It is a terminal that was hung up.
            data = b''
        if not data:
            self.close_pipe(fd)
        elif run is not None:
            self.agent.channel.send(run.pipes[fd], run.number, data)

    def close_pipe(self, fd):
        self.agent.unwatch(fd)
        os.close(fd)
        run = self.pipes.pop(fd)
        if run is not None and run.terminal == fd:
            run.terminal = None
        if fd in self.detached:
            self.detached.remove(fd)

    def reap(self, killed=frozenset()):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.reaped(pid, status, pid in killed)

    def reaped(self, pid, status, killed):
        if os.WIFSTOPPED(status):
            # A program can make its parent its tracer, who is told of every stop.
            return
        if self.spares.ended(pid):
            # If that was for want of memory, it is not the next run's.
            self.ran_out_of_memory()
        run = self.runs.pop(pid, None)
        if run is None:
            return
        self.spares.want(self.agent.privileges.sealed)
        self.agent.streams.end_feed(run.number)
        if run.slave is not None:
            os.close(run.slave)
        for fd in run.pipes:
            # One that was closed may be another run's by now.
            if self.pipes.get(fd) is run:
                self.drain(run, fd)
        code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        if killed:
            self.exit(run.number, KILLED, 137, '')
        elif code == 137 and self.ran_out_of_memory():
            self.exit(run.number, OUT_OF_MEMORY, 137, '')
        elif os.WIFSIGNALED(status):
            self.exit(run.number, SIGNALED, code, '')
        else:
            self.exit(run.number, EXITED, code, '')
            if run.lists:
                self.agent.files.list(run.number)

    def drain(self, run, fd):
        """Sends what was printed before the end. No more than a pipe holds can be that; the rest is a background child's."""
        left = CHUNK if fd == run.terminal else fcntl.fcntl(fd, 1032)  # F_GETPIPE_SZ
        try:
            while left > 0:
                data = os.read(fd, min(left, CHUNK))
                if not data:
                    self.close_pipe(fd)
                    return
                self.agent.channel.send(run.pipes[fd], run.number, data)
                left -= len(data)
        except BlockingIOError:
            pass
        except OSError:
            self.close_pipe(fd)
            return
        self.pipes[fd] = None
        self.detached.append(fd)
        if len(self.detached) > self.MAX_DETACHED:
            self.close_pipe(self.detached[0])

    def exit(self, number, kind, code, message):
        self.agent.channel.send(EXIT, number, struct.pack('<Bi', kind, code) + text_field(message))

    def ran_out_of_memory(self):
        before, self.out_of_memory = self.out_of_memory, self.out_of_memory_count()
        return self.out_of_memory > before

    def out_of_memory_count(self):
        for path in self.OUT_OF_MEMORY_COUNTS:
            try:
                with open(path) as file:
                    words = file.read().split()
                return int(words[words.index('oom_kill') + 1])
            except (OSError, ValueError, IndexError):
                continue
        return 0

    def kill(self, number):
        for run in self.runs.values():
            if run.number == number:
                if run.is_background:
                    self.end(functools.partial(descendants, run.pid))
                else:
                    self.kill_all_but_services(run)
                return

    def kill_all_but_services(self, ended=None):
        """Ends every process of the namespace but this one, those that stay and what descends from them.

        What a run started and disowned is this process' child, so it does not belong to a service. What a process in the background
        disowned is that process' own child. The run that is to end does not stay.
        """
        services = {run.pid for run in self.runs.values() if run.stays and run is not ended}
        if not services and not self.agent.is_attached:
            self.kill_everything()
        else:
            self.end(functools.partial(others, services))

    def end(self, find):
        """Ends the processes that are found, and those that they go on to make.

        All are stopped at once, those that stay too, for that moment: who is stopped makes no further process, so none escapes by
        multiplying.
        """
        _, _, stopped = process_table()
        killed = set()
        try:
            for _ in range(self.MAX_SWEEPS):
                send_signal(-1, signal.SIGSTOP)
                found = find()
                if not found:
                    # Those whose parents were killed, too, are this process' children by now, and dead.
                    self.reap(killed)
                    return
                for pid in found:
                    send_signal(pid, signal.SIGKILL)
                killed |= found
                # Only this process' own children can be waited for; the others become that when their parents are gone.
                while found:
                    pid, status = os.waitpid(-1, 0)
                    self.reaped(pid, status, pid in killed)
                    self.reap(killed)
                    found = {pid for pid in found if send_signal(pid, 0)}
            self.kill_everything()
        finally:
            # A shell is not to see a child stopped that goes on in a moment, and one that a user has stopped does not go on.
            for pid in sorted(process_table()[0], reverse=True):
                if pid not in stopped and pid != os.getpid():
                    send_signal(pid, signal.SIGCONT)

    # What a run is told.

    def tell(self, number, kind, frame):
        about, value = frame.number('<I'), (frame.number('<H'), frame.number('<H'))
        run = next((run for run in self.runs.values() if run.number == about), None)
        if run is None or kind == RESIZE and run.terminal is None:
            self.agent.reply(number, MISSING)
            return
        try:
            if kind == RESIZE:
                resize(run.terminal, *value)
            else:
                try:
                    os.killpg(run.pid, value[0])
                except ProcessLookupError:
                    # It was forked just now, and has no group of its own yet.
                    os.kill(run.pid, value[0])
        except OSError as e:
            self.agent.reply(number, FAILED, text_field(e.strerror))
        else:
            self.agent.reply(number, DONE)

    def kill_everything(self):
        """Ends every process of the namespace but this one, and waits until they are gone."""
        while True:
            send_signal(-1, signal.SIGKILL)
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                return
            self.reaped(pid, status, True)


def send_signal(pid, number):
    """Tells whether there is such a process, which may be dead and not waited for."""
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def process_table():
    """The processes of the namespace with their parents; those that live; those that are stopped."""
    parents, living, stopped = {}, set(), set()
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/stat' % name, 'rb') as file:
                    # The second field is a name that the process chose; it may hold spaces and brackets.
                    fields = file.read().rpartition(b')')[2].split()
            except OSError:
                continue
            parents[int(name)] = int(fields[1])
            # One whose first thread has ended looks dead while others of its threads (the 20th field is their number) run on.
            if fields[0] not in (b'Z', b'X') or int(fields[17]) > 1:
                living.add(int(name))
            if fields[0] == b'T':
                stopped.add(int(name))
    return parents, living, stopped


def others(services):
    """The living processes of the namespace that are neither this one, nor one of some processes or a descendant of theirs.

    What comes from outside, such as the relay to a host that has attached, has a parent outside, whose number is 0. One whose parent went
    while we looked counts: a program that forks and ends, over and over, would be missed otherwise.
    """
    parents, living, _ = process_table()
    own = os.getpid()
    found = set()
    for pid in living - {own}:
        at = pid
        while at in parents and at not in services and at != own:
            at = parents[at]
        if at not in services and at != 0:
            found.add(pid)
    return found


def descendants(root):
    """A process and what descends from it, as far as they live."""
    parents, living, _ = process_table()
    found = set()
    for pid in living:
        at = pid
        while at in parents and at != root:
            at = parents[at]
        if at == root:
            found.add(pid)
    return found


def find_program(names, work, may_execute):
    for name in names:
        if '/' in name:
            path = os.path.join(work, name)
            if os.path.isfile(path):
                return path
            continue
        for folder in os.environ.get('PATH', os.defpath).split(':'):
            path = os.path.join(work, folder, name)
            if may_execute(path) and os.path.isfile(path):
                return path
    return None
