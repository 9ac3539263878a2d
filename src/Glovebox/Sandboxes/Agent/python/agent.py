class Agent:
    """Serves the host until it is gone."""

    def __init__(self, hides):
        # Descriptors that the host's process had from its own parent are no business of the guest's.
        os.closerange(3, 1 << 16)
        os.chdir('/')
        self.channel = Channel(fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 200), fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 200))
        null = os.open('/dev/null', os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
        self.privileges = Privileges(hides)
        self.wake_read, self.wake_write = socket.socketpair()
        self.wake_read.setblocking(False)
        self.wake_write.setblocking(False)
        self.poll = select.epoll()
        self.watched = {}
        self.listener = None
        # Whether a process from outside relays the channel.
        self.is_attached = False
        self.processes = Processes(self)
        self.files = Files(self.reply)
        self.functions = Functions(self)
        self.streams = Streams(self)
        self.watch(self.channel.source, self.receive)
        self.watch(self.wake_read.fileno(), self.wake)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wake_write.fileno(), warn_on_full_buffer=False)

    # What is waited for.

    def watch(self, fd, handler, events=select.EPOLLIN):
        self.watched[fd] = handler
        self.poll.register(fd, events)

    def unwatch(self, fd):
        del self.watched[fd]
        self.poll.unregister(fd)

    def serve(self):
        while True:
            try:
                for fd, _ in self.poll.poll():
                    handler = self.watched.get(fd)
                    if handler is not None:
                        handler(fd)
                self.processes.spares.prepare(bool(self.processes.runs))
            except Disconnected:
                self.disconnected()

    def wake(self, fd):
        try:
            self.wake_read.recv(4096)
        except BlockingIOError:
            pass
        self.processes.reap()

    # The host.

    def receive(self, _):
        for kind, number, frame in self.channel.receive():
            self.handle(kind, number, frame)

    def handle(self, kind, number, frame):
        if kind == RUN:
            self.run(number, frame.number('<B'), Program(frame), frame)
        elif kind == KILL:
            self.processes.kill(number)
        elif kind == SWEEP:
            self.processes.kill_all_but_services()
            self.reply(number, DONE)
        elif kind in (SIGNAL, RESIZE):
            self.processes.tell(number, kind, frame)
        elif kind in self.files.handlers:
            self.files.handle(kind, number, frame)
        elif kind in self.streams.handlers:
            self.streams.handle(kind, number, frame)
        elif kind == FUNCTIONS:
            self.functions.offer(number, frame)
        elif kind == CONFIGURE:
            self.configure(frame)
        elif kind == SEAL:
            self.seal(number, frame)
        else:
            raise Protocol('a frame of type %d' % kind)

    def run(self, number, kind, program, file):
        """A block takes one exchange: its code comes along, and its files are told of when it has ended."""
        if kind & RUN_SAVES and not self.files.save(number, file):
            self.processes.exit(number, NOT_STARTED, 126, '')
        else:
            self.processes.run(number, kind, program)

    def reply(self, number, status, payload=b''):
        self.channel.send(REPLY, number, struct.pack('<B', status) + payload)

    def configure(self, frame):
        address_space, processes = frame.number('<Q'), frame.number('<Q')
        uid, gid = frame.number('<I'), frame.number('<I')
        work, listen, sends_program = frame.text(), frame.text(), frame.number('<B')
        self.processes.configure(address_space, processes, work, frame.texts())
        self.privileges.configure(uid, gid, frame.rest())
        if listen != '' and self.listener is None:
            self.listen(listen)
        program = compiled_program() if sends_program else b''
        self.channel.send(HELLO, 0, struct.pack('<I', VERSION) + text_field(sys.version.split()[0]) +
                          struct.pack('<B', self.privileges.can_filter()) + program)

    def seal(self, number, frame):
        """Ends the set-up: from here on, nothing runs with more than guest code may have."""
        if not self.privileges.sealed:
            # What the set-up has left in the background has more than that.
            self.processes.kill_all_but_services()
            self.privileges.seal()
        try:
            self.files.attach(self.processes.work)
        except OSError as e:
            self.reply(number, FAILED, text_field(os.strerror(e.errno)))
            return
        failed = []
        gc.freeze()
        preload, variables = frame.texts(), frame.texts()
        os.environ.update(zip(variables[::2], variables[1::2]))
        for module in preload:
            try:
                __import__(module)
            except BaseException as e:
                failed.append('%s: %s: %s' % (module, type(e).__name__, e))
        find_main_modules()
        PRELOADED.update(name for name in sys.modules if name not in _STARTUP_MODULES and '.' not in name)
        sys.path_importer_cache.clear()
        if preload:
            gc.collect()
        keep_modules()
        gc.freeze()
        self.processes.spares.want()
        self.reply(number, DONE, text_field('\n'.join(failed)))

    # An agent that outlives its host's process waits for the next one.

    def listen(self, path):
        """The folder of the socket must be one that guest code cannot enter."""
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.listener.bind(path)
        self.listener.listen(8)

    def disconnected(self):
        if self.listener is None:
            # This is the first process of the namespace: with it goes everything here.
            os._exit(0)
        self.unwatch(self.channel.source)
        self.channel.close()
        self.channel = Channel(*[os.open('/dev/null', os.O_RDWR | os.O_CLOEXEC)] * 2)
        self.processes.kill_everything()
        # The next host may have other variables, and seals again.
        self.processes.spares.want(False)
        self.files.close_all()
        self.streams.close_all()
        self.watch(self.listener.fileno(), self.accept)

    def accept(self, fd):
        connection = accept(self.listener)
        _, uid, _ = struct.unpack('<iII', connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != os.getuid():
            connection.close()
            return
        self.unwatch(fd)
        self.channel.close()
        source = connection.detach()
        self.channel = Channel(source, source)
        self.is_attached = True
        self.watch(source, self.receive)
