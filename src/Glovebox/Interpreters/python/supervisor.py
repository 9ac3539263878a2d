class Supervisor:
    """Starts interpreters, passes on what goes to them and comes from them, and ends what has to end. Serves the host until it is gone."""

    def __init__(self, connection, settings):
        self.host = Channel(connection)
        self.settings = settings
        self.contexts = {}
        # By pid, those that run blocks.
        self.interpreters = {}
        self.tree = Tree(self.contexts)
        self.requests = 0
        self.alarms = []
        self.poll = select.epoll()
        self.watched = {}
        wake, writer = socket.socketpair()
        for end in (wake, writer):
            end.setblocking(False)
        self.wake, self.writer = wake, writer
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self.watch(connection.fileno(), self.receive)
        self.watch(wake.fileno(), self.reap)

    def watch(self, fd, handler):
        self.watched[fd] = handler
        self.poll.register(fd, select.EPOLLIN)

    def unwatch(self, fd):
        if self.watched.pop(fd, None) is not None:
            self.poll.unregister(fd)

    def serve(self):
        while True:
            for fd, _ in self.poll.poll(max(0, self.alarms[0][0] - now()) if self.alarms else None):
                handler = self.watched.get(fd)
                if handler is not None:
                    handler(fd)
            while self.alarms and self.alarms[0][0] <= now():
                self.alarms.pop(0)[1]()

    def after(self, seconds, action):
        """Does something later."""
        self.alarms.append((now() + seconds, action))
        self.alarms.sort(key=lambda alarm: alarm[0])

    def receive(self, _):
        for kind, number, payload in self.host.receive():
            context = self.contexts.get(number)
            if kind == CREATE:
                self.create(number, json.loads(payload))
            elif kind == EXECUTE and context is not None:
                context.execute(payload)
            elif kind == INTERRUPT and context is not None:
                context.interrupt(payload != b'')
            elif kind == KILL and context is not None:
                context.kill()
            elif kind in (ROLL_BACK, BRANCH, CLOSE, PROCESSES):
                self.ask(kind, number, context, json.loads(payload))

    def create(self, number, order):
        try:
            context = self.contexts[number] = (ShellContext if order['shell'] else PythonContext)(self, number)
            context.check(order)
            context.start(order)
        except (Failure, OSError) as e:
            if number in self.contexts:
                self.contexts.pop(number).close()
            self.answer(number, order['request'], str(e))
        else:
            self.answer(number, order['request'], '')

    def ask(self, kind, number, context, order):
        request = order['request']
        try:
            if context is None:
                raise Failure('there is no such context')
            if kind == ROLL_BACK:
                context.roll_back(order['blocks'])
            elif kind == BRANCH:
                context.branch(order['number'], lambda error: self.answer(number, request, error))
                return
            elif kind == CLOSE:
                del self.contexts[number]
                context.close()
            elif kind == PROCESSES:
                context.list_processes(lambda found: self.answer(number, request, '', [
                    {'pid': pid, 'command': command_of(pid), 'seconds': max(0, ticks_now() - begun) / TICKS}
                    for pid, begun in sorted(found.items())]))
                return
            self.answer(number, request, '')
        except (Failure, Closed, OSError) as e:
            self.answer(number, request, str(e) or type(e).__name__)

    def answer(self, number, request, error, processes=()):
        self.host.send_json(REPLY, number, {'request': request, 'error': error, 'processes': list(processes)})

    def fork(self):
        for _ in range(50):
            try:
                return os.fork()
            except BlockingIOError:
                # Those that were killed just now count until they are gone.
                self.tree.collect_strays()
                time.sleep(0.01)
        return os.fork()

    def next_request(self):
        self.requests += 1
        return self.requests

    # Ends of processes.

    def reap(self, _=None):
        try:
            self.wake.recv(4096)
        except BlockingIOError:
            pass
        self.collect()

    def collect(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if os.WIFSTOPPED(status):
                # A program can make its parent its tracer, who is told of every stop.
                continue
            code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            context = self.interpreters.get(pid)
            if self.tree.own.pop(pid, None) is None:
                continue
            if context is None:
                self.copy_ended(pid)
            else:
                context.ended(code)

    def copy_ended(self, pid):
        for context in self.contexts.values():
            for copy in list(context.copies):
                if isinstance(copy, Copy) and copy.pid == pid:
                    context.copies.remove(copy)
                    copy.channel.close()

    def code_of(self, pid):
        """How a process of ours has ended; waits a moment for one that is about to."""
        for _ in range(50):
            try:
                found, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                return None
            if found and not os.WIFSTOPPED(status):
                self.tree.own.pop(pid, None)
                return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            time.sleep(0.002)
        return None

    def forget(self, pid):
        """It is to end. It stays one of ours until it has."""
        self.interpreters.pop(pid, None)

    def bound_copies(self):
        """Each context keeps so many copies, and all together so many processes and so much memory."""
        for context in self.contexts.values():
            context.drop_copies(self.settings['checkpoints'])
        copies = [(copy, context) for context in self.contexts.values() for copy in context.copies if isinstance(copy, Copy)]
        spent = {copy.pid: private_memory(copy.pid) for copy, _ in copies if len(copies) > 1}
        most = max(1, self.settings['processes'] // 4)
        # Of each context the latest goes last.
        for copy, context in sorted(copies, key=lambda pair: (pair[0] is pair[1].copies[-1], pair[0].blocks)):
            if len(spent) <= most and sum(spent.values()) <= self.settings['largest']:
                return
            if copy.pid in spent:
                del spent[copy.pid]
                context.copies.remove(copy)
                context.drop(copy)


def private_memory(pid):
    """The bytes that a process shares with no other."""
    try:
        with open('/proc/%d/smaps_rollup' % pid) as file:
            return sum(int(line.split()[1]) << 10 for line in file if line.startswith(('Private_Dirty', 'Private_Clean')))
    except (OSError, ValueError):
        return 0


def start():
    """Its arguments: a socket that the host listens at, and its settings."""
    path, settings = sys.argv[1], json.loads(sys.argv[2])
    sys.argv[1:] = []
    sys.path[:] = [p for p in sys.path if p not in ('', settings['work'])]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The whole path may be longer than that of a socket can be.
    os.chdir(os.path.dirname(path))
    connection.connect(os.path.basename(path))
    os.chdir(settings['work'])
    be_reaper()
    set_oom_score(500)
    failed = []
    for module in settings['preload']:
        try:
            __import__(module)
        except BaseException as e:
            failed.append('%s: %s: %s' % (module, type(e).__name__, e))
    supervisor = Supervisor(connection, settings)
    supervisor.host.send_json(HELLO, 0, {'python': sys.version.split()[0], 'failed': '\n'.join(failed)})
    gc.collect()
    gc.freeze()
    try:
        supervisor.serve()
    except Closed:
        os._exit(0)
    except Forked as e:
        KEPT.append(supervisor)
        begin, interpreter = e.begin, e.interpreter
    begin()
    interpreter.serve()


def be_reaper():
    """What blocks leave behind becomes ours, not that of the first process."""
    import ctypes
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


# What the supervisor had open is closed in a fork; its objects, which name descriptors that are others' by then, must not go.
KEPT = []

start()
