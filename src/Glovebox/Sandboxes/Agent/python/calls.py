class Calls:
    """Connections of guest code that calls functions of the host. Their bytes are passed on unread, and no more of them than there is room for."""

    # Beyond this the oldest connection goes: one that a background process keeps must not keep others out.
    MAX_CONNECTIONS = 256
    WINDOW = 128 << 10

    class Connection:
        def __init__(self, number, connection):
            self.number, self.socket = number, connection
            # What the host takes still; what the guest has not taken yet, and what it has that the host does not know of.
            self.credit = Calls.WINDOW
            self.unsent = bytearray()
            self.taken = 0
            self.closing = False
            self.events = select.EPOLLIN

    def __init__(self, agent):
        self.agent = agent
        self.path = ''
        self.listener = self.inode = None
        self.connections = {}
        self.numbers = {}
        self.last = 0
        self.handlers = {CALL_WRITE: self.write, CALL_CREDIT: self.add_credit, CALL_CLOSE: self.finish}

    def offer(self, number, frame):
        """Programs find the modules by their environment, scripts in forks by add_module_folders; this process imports nothing from there."""
        modules, programs, self.path = frame.texts(), frame.text(), frame.text()
        for name, folders in (('PYTHONPATH', modules), ('PATH', [programs])):
            known = [folder for folder in os.environ.get(name, '').split(':') if folder]
            os.environ[name] = ':'.join(known + [folder for folder in folders if folder not in known])
        try:
            self.write_files(frame.texts())
            self.listen()
        except OSError as e:
            self.agent.reply(number, FAILED, text_field(os.strerror(e.errno)))
        else:
            self.agent.reply(number, DONE)

    def write_files(self, files):
        """Writes what guest code is to read and not to change, where no host folder shows it: path, text, 'x' for a program, again and again.

        Once the set-up is over nobody here may, and the files are there.
        """
        if self.agent.privileges.sealed:
            return
        for path, text, kind in zip(files[::3], files[1::3], files[2::3]):
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
            with open(path, 'w', encoding='utf-8', errors='surrogateescape') as file:
                file.write(text)
            os.chmod(path, 0o755 if kind == 'x' else 0o644)
        if files and self.path:
            os.makedirs(os.path.dirname(self.path), 0o755, exist_ok=True)

    def listen(self):
        """Listens, also when guest code that may write the socket's folder has taken the socket away."""
        if self.path == '':
            return
        if self.listener is not None:
            try:
                if os.lstat(self.path).st_ino == self.inode:
                    return
                os.unlink(self.path)
            except FileNotFoundError:
                pass
            self.agent.unwatch(self.listener.fileno())
            self.listener.close()
            self.listener = None
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        try:
            listener.bind(self.path)
            os.chmod(self.path, 0o666)
            self.inode = os.lstat(self.path).st_ino
            listener.listen(self.MAX_CONNECTIONS)
        except OSError:
            listener.close()
            raise
        self.listener = listener
        self.agent.watch(listener.fileno(), self.accept)

    def restore(self):
        try:
            self.listen()
        except OSError:
            # Guest code has put something in the way, and so has no functions.
            pass

    def descriptors(self):
        return [] if self.listener is None else [self.listener.fileno(), *self.connections]

    # From the guest.

    def accept(self, _):
        try:
            connection = accept(self.listener)
        except OSError:
            return
        if len(self.connections) >= self.MAX_CONNECTIONS:
            self.close(next(iter(self.connections.values())))
        connection.setblocking(False)
        self.last += 1
        self.connections[connection.fileno()] = self.numbers[self.last] = self.Connection(self.last, connection)
        self.agent.watch(connection.fileno(), self.ready)
        self.agent.channel.send(CALL_OPENED, self.last, b'')

    def ready(self, fd):
        connection = self.connections[fd]
        if connection.unsent:
            self.attempt(self.send, connection)
        if connection.events & select.EPOLLIN:
            self.attempt(self.receive, connection)

    def attempt(self, action, connection):
        try:
            action(connection)
        except BlockingIOError:
            pass
        except OSError:
            connection.closing = True
            connection.unsent.clear()
        if connection.closing and not connection.unsent:
            self.close(connection)
        else:
            self.wait(connection)

    def receive(self, connection):
        data = connection.socket.recv(min(CHUNK, connection.credit))
        if data:
            connection.credit -= len(data)
            self.agent.channel.send(CALL_DATA, connection.number, data)
        else:
            connection.closing = True
            connection.unsent.clear()

    def send(self, connection):
        sent = connection.socket.send(connection.unsent)
        del connection.unsent[:sent]
        connection.taken += sent
        if connection.taken >= self.WINDOW // 2:
            self.agent.channel.send(CALL_CREDITED, connection.number, struct.pack('<I', connection.taken))
            connection.taken = 0

    def wait(self, connection):
        """Has the kernel tell what there is to do: a guest that has hung up is told of always, which is why nothing may be a thing to do."""
        events = (select.EPOLLIN if connection.credit > 0 and not connection.closing else 0) | (select.EPOLLOUT if connection.unsent else 0)
        if events == connection.events:
            return
        fd = connection.socket.fileno()
        if events == 0:
            self.agent.unwatch(fd)
        elif connection.events == 0:
            self.agent.watch(fd, self.ready)
        if events != 0:
            self.agent.poll.modify(fd, events)
        connection.events = events

    def close(self, connection):
        if self.numbers.pop(connection.number, None) is None:
            return
        fd = connection.socket.fileno()
        if connection.events != 0:
            self.agent.unwatch(fd)
            connection.events = 0
        del self.connections[fd]
        connection.socket.close()
        self.agent.channel.send(CALL_CLOSED, connection.number, b'')

    def close_all(self):
        """The host has gone, and with it all that it knew of the connections."""
        for fd, connection in self.connections.items():
            if connection.events != 0:
                self.agent.unwatch(fd)
            connection.socket.close()
        self.connections.clear()
        self.numbers.clear()

    # From the host. A connection that it speaks of may have ended meanwhile.

    def handle(self, kind, number, frame):
        connection = self.numbers.get(number)
        if connection is not None:
            self.handlers[kind](connection, frame)

    def write(self, connection, frame):
        connection.unsent += frame.rest()
        self.attempt(self.send, connection)

    def add_credit(self, connection, frame):
        connection.credit += frame.number('<I')
        self.wait(connection)

    def finish(self, connection, _):
        connection.closing = True
        self.attempt(self.send, connection)


def add_module_folders(folder):
    """Gives a script in a fork the modules that a new interpreter finds by its environment, in the same place."""
    at = sys.path.index(folder) + 1 if folder in sys.path else 0
    sys.path[at:at] = [path for path in os.environ.get('PYTHONPATH', '').split(':') if path and path not in sys.path]
