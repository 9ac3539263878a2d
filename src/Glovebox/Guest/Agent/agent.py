_PRISTINE = dict(globals())
# The guest agent of Glovebox: the first process of an isolated environment. No docstring, and the names above first: a script that
# is run in a fork of this interpreter starts from what a fresh __main__ holds, and from nothing of ours.
import sys
_STARTUP_MODULES = frozenset(sys.modules)
import os
import errno
import fcntl
import resource
import select
import signal
import socket
import struct

VERSION = 1
MAX_FRAME = 1 << 20
CHUNK = 64 << 10

# Frames from the host, and to it; GuestFrame on the host's side has the same numbers.
CONFIGURE, RUN, KILL = 1, 2, 3
HELLO, STDOUT, STDERR, EXIT = 16, 17, 18, 19
EXITED, SIGNALED, KILLED, NOT_FOUND, NOT_STARTED = range(5)

PR_SET_DUMPABLE = 4
# A background child keeps its run's pipes open. What it prints is read and dropped; past this many pipes the oldest are closed.
MAX_DETACHED = 64


class Protocol(Exception):
    """The host sent what it never sends."""


class Reader:
    """Takes the fields of a frame apart."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self):
        size = self.number('<I')
        if size > len(self.data) - self.at:
            raise Protocol('a text is longer than its frame')
        self.at += size
        return os.fsdecode(bytes(self.data[self.at - size:self.at]))

    def texts(self):
        return [self.text() for _ in range(self.number('<I'))]


def text_field(value):
    data = value.encode('utf-8', 'backslashreplace')
    return struct.pack('<I', len(data)) + data


class Run:
    def __init__(self, number, pid, out, err):
        self.number, self.pid, self.pipes = number, pid, {out: STDOUT, err: STDERR}


class Agent:
    def __init__(self, dumpable):
        self.dumpable = dumpable
        # Descriptors that the host's process had from its own parent are no business of the guest's.
        os.closerange(3, 1 << 16)
        self.channel = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 200)
        null = os.open('/dev/null', os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
        self.wake_read, self.wake_write = socket.socketpair()
        self.wake_read.setblocking(False)
        self.wake_write.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.channel, select.EPOLLIN)
        self.poll.register(self.wake_read, select.EPOLLIN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wake_write.fileno(), warn_on_full_buffer=False)
        self.runs = {}
        self.pipes = {}
        self.detached = []
        self.pending = bytearray()
        self.address_space = self.processes = 0
        self.fork_python = False
        self.interpreter = os.path.realpath(sys.executable) if sys.executable else ''

    # The channel.

    def send(self, kind, number, payload):
        data = memoryview(struct.pack('<IBI', 5 + len(payload), kind, number) + payload)
        while data:
            data = data[os.write(self.channel, data):]

    def receive(self):
        """Handles what has arrived. Gives a script that this process, now a fork, is to run; else None."""
        data = os.read(self.channel, CHUNK)
        if not data:
            # The host is gone: so is everything here, for this is the first process of the namespace.
            os._exit(0)
        self.pending += data
        while len(self.pending) >= 4:
            (size,) = struct.unpack_from('<I', self.pending)
            if not 5 <= size <= MAX_FRAME:
                raise Protocol('a frame of %d bytes' % size)
            if len(self.pending) < 4 + size:
                break
            kind, number = struct.unpack_from('<BI', self.pending, 4)
            frame = Reader(bytes(self.pending[9:4 + size]))
            del self.pending[:4 + size]
            script = self.handle(kind, number, frame)
            if script is not None:
                return script
        return None

    def handle(self, kind, number, frame):
        if kind == RUN:
            return self.run(number, frame.text(), frame.texts(), frame.texts())
        if kind == KILL:
            self.kill(number)
        elif kind == CONFIGURE:
            self.configure(frame)
        else:
            raise Protocol('a frame of type %d' % kind)
        return None

    def configure(self, frame):
        self.address_space, self.processes = frame.number('<Q'), frame.number('<Q')
        variables, modules = frame.texts(), frame.texts()
        for name, value in zip(variables[::2], variables[1::2]):
            os.environ[name] = value
        # This interpreter was started without them, so only a new one can obey them.
        self.fork_python = not any(name.startswith('PYTHON') for name in variables[::2])
        failed = []
        for module in modules:
            try:
                __import__(module)
            except BaseException as e:
                failed.append('%s: %s: %s' % (module, type(e).__name__, e))
        import gc
        gc.collect()
        gc.freeze()
        self.send(HELLO, 0, struct.pack('<I', VERSION) + text_field(sys.version.split()[0]) + text_field('\n'.join(failed)))

    # Running.

    def run(self, number, script, programs, arguments):
        path = find_program(programs)
        if path is None:
            self.exit(number, NOT_FOUND, 127, programs[0] + ': not found')
            return None
        if not os.access(path, os.X_OK):
            self.exit(number, NOT_STARTED, 126, path + ': ' + os.strerror(errno.EACCES))
            return None
        fork_only = script != '' and self.fork_python and os.path.realpath(path) == self.interpreter and path == sys.executable
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        try:
            pid = self.fork()
        except OSError as e:
            for fd in (out_read, out_write, err_read, err_write):
                os.close(fd)
            self.exit(number, NOT_STARTED, 126, 'no process can be started: ' + e.strerror)
            return None
        if pid == 0:
            try:
                self.become_guest(out_write, err_write, [out_read, err_read])
                if fork_only:
                    return script
                # Python ignores these, and what is ignored stays so in another program.
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
                os.execv(path, [path] + arguments)
            except OSError as e:
                os.write(2, ('%s: %s\n' % (path, e.strerror)).encode())
            except BaseException as e:
                os.write(2, ('%s: %s\n' % (path, e)).encode('utf-8', 'backslashreplace'))
            os._exit(126)
        os.close(out_write)
        os.close(err_write)
        run = Run(number, pid, out_read, err_read)
        self.runs[pid] = run
        for fd in (out_read, err_read):
            self.pipes[fd] = run
            self.poll.register(fd, select.EPOLLIN)
        return None

    def fork(self):
        try:
            return os.fork()
        except OSError as e:
            if e.errno != errno.EAGAIN:
                raise
        # What earlier blocks left in the background has used up the processes. It goes, so that this block can run.
        if self.runs:
            self.reap()
        else:
            self.kill_everything()
        return os.fork()

    def become_guest(self, out, err, others):
        """Turns a fork of the agent into a process that is the guest's: nothing of the channel stays open in it."""
        os.setsid()
        os.dup2(out, 1)
        os.dup2(err, 2)
        signal.set_wakeup_fd(-1)
        self.poll.close()
        self.wake_read.close()
        self.wake_write.close()
        for fd in [self.channel, out, err, *others, *self.pipes]:
            os.close(fd)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # The kernel ends these before the agent when memory is short.
        try:
            with open('/proc/self/oom_score_adj', 'w') as file:
                file.write('1000')
        except OSError:
            pass
        if self.address_space:
            resource.setrlimit(resource.RLIMIT_AS, (self.address_space, self.address_space))
        if self.processes:
            resource.setrlimit(resource.RLIMIT_NPROC, (self.processes, self.processes))
        self.dumpable(1)

    # Output and ends.

    def read_pipe(self, fd):
        run = self.pipes[fd]
        data = os.read(fd, CHUNK)
        if not data:
            self.close_pipe(fd)
        elif run is not None:
            self.send(run.pipes[fd], run.number, data)

    def close_pipe(self, fd):
        self.poll.unregister(fd)
        os.close(fd)
        del self.pipes[fd]
        if fd in self.detached:
            self.detached.remove(fd)

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.reaped(pid, status, False)

    def reaped(self, pid, status, killed):
        run = self.runs.pop(pid, None)
        if run is None:
            return
        for fd in run.pipes:
            if fd in self.pipes:
                self.drain(run, fd)
        if killed:
            self.exit(run.number, KILLED, 137, '')
        elif os.WIFSIGNALED(status):
            self.exit(run.number, SIGNALED, 128 + os.WTERMSIG(status), '')
        else:
            self.exit(run.number, EXITED, os.WEXITSTATUS(status), '')

    def drain(self, run, fd):
        """Sends what was printed before the end. No more than a pipe holds can be that; the rest is a background child's."""
        os.set_blocking(fd, False)
        left = fcntl.fcntl(fd, 1032)  # F_GETPIPE_SZ
        try:
            while left > 0:
                data = os.read(fd, min(left, CHUNK))
                if not data:
                    self.close_pipe(fd)
                    return
                self.send(run.pipes[fd], run.number, data)
                left -= len(data)
        except BlockingIOError:
            pass
        os.set_blocking(fd, True)
        self.pipes[fd] = None
        self.detached.append(fd)
        if len(self.detached) > MAX_DETACHED:
            self.close_pipe(self.detached[0])

    def exit(self, number, kind, code, message):
        self.send(EXIT, number, struct.pack('<Bi', kind, code) + text_field(message))

    def kill(self, number):
        run = next((r for r in self.runs.values() if r.number == number), None)
        if run is not None:
            self.kill_everything()

    def kill_everything(self):
        """Ends every process of the namespace but this one, and waits until they are gone."""
        while True:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                return
            self.reaped(pid, status, True)

    def serve(self):
        """Works until the host is gone. In a fork it returns the script to run."""
        while True:
            for fd, _ in self.poll.poll():
                if fd == self.channel:
                    script = self.receive()
                    if script is not None:
                        return script
                elif fd == self.wake_read.fileno():
                    try:
                        self.wake_read.recv(4096)
                    except BlockingIOError:
                        pass
                    self.reap()
                elif fd in self.pipes:
                    self.read_pipe(fd)


def find_program(names):
    for name in names:
        if '/' in name:
            if os.path.isfile(name):
                return name
            continue
        for folder in os.environ.get('PATH', os.defpath).split(':'):
            path = os.path.join(folder or '.', name)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
    return None


def dumpable_switch():
    """Gives what makes this process one that others may look into, or not: they share its uid, and a process of one's uid can be traced."""
    import ctypes
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def switch(value):
        if prctl(PR_SET_DUMPABLE, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), 'prctl')
    return switch


def main_module(script):
    """Makes the state of the interpreter what `python script` would have, and gives the new __main__ with its code."""
    path = os.path.abspath(script)
    folder = os.path.dirname(os.path.realpath(path))
    sys.argv[:] = [script]
    sys.orig_argv[:] = [sys.executable, script]
    if getattr(sys.flags, 'safe_path', False) is False:
        sys.path[0] = folder
    add_user_site()
    # A module of ours that a file beside the script has the name of would hide it.
    for name in [n for n in sys.modules if n not in _STARTUP_MODULES and '.' not in n]:
        if os.path.exists(os.path.join(folder, name + '.py')) or os.path.isdir(os.path.join(folder, name)):
            for loaded in [n for n in sys.modules if n == name or n.startswith(name + '.')]:
                del sys.modules[loaded]
    sys.path_importer_cache.clear()
    module = type(sys)('__main__')
    module.__dict__.clear()
    module.__dict__.update(_PRISTINE)
    module.__file__ = path
    module.__loader__ = type(_PRISTINE['__loader__'])('__main__', path)
    sys.modules['__main__'] = module
    return module, path


def add_user_site():
    """A package that an earlier block installed is in a folder that did not exist when this interpreter started."""
    site = sys.modules.get('site')
    if site is None or not site.ENABLE_USER_SITE:
        return
    folder = site.getusersitepackages()
    if folder in sys.path or not os.path.isdir(folder):
        return
    before = len(sys.path)
    site.addsitedir(folder)
    added = sys.path[before:]
    del sys.path[before:]
    at = next((i for i, p in enumerate(sys.path) if p.endswith(('site-packages', 'dist-packages'))), before)
    sys.path[at:at] = added


def strip_hook(hook):
    def excepthook(kind, value, trace):
        while trace is not None and trace.tb_frame.f_globals is globals():
            trace = trace.tb_next
        value.__traceback__ = trace
        hook(kind, value, trace)
    return excepthook


def start():
    # Another number means that this is a namespace in which the agent can end nobody, or in which its end ends nobody.
    if os.getpid() != 1 and os.environ.pop('GLOVEBOX_TEST_NOT_FIRST', None) is None:
        sys.exit('the agent is not the first process of its namespace')
    dumpable = dumpable_switch()
    if os.environ.pop('GLOVEBOX_TEST_DUMPABLE', None) is None:
        dumpable(0)
    agent = Agent(dumpable)
    try:
        return agent.serve()
    except Protocol as e:
        sys.stderr.write('protocol: %s\n' % e)
        os._exit(3)


_script = start()
# From here on this is a fork: a guest process that runs one script.
_keep = sys.modules['__main__']
_module, _path = main_module(_script)
try:
    with open(_path, 'rb') as _file:
        _code = _file.read()
    del _file
    exec(compile(_code, _path, 'exec', dont_inherit=True), _module.__dict__)
except SystemExit:
    raise
except BaseException:
    if hasattr(sys, 'excepthook'):
        sys.excepthook = strip_hook(sys.excepthook)
    raise
