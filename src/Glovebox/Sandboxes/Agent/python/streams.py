class Stream:
    """One connection inside the sandbox, carried by the channel. Neither side sends more than the other takes."""

    def __init__(self, streams, number, connection, connecting=False):
        self.streams, self.number, self.socket, self.connecting = streams, number, connection, connecting
        self.fd = connection.fileno()
        # What the host takes still; what the connection has not taken yet, and what it has that the host does not know of.
        self.credit = Streams.WINDOW
        self.unsent = bytearray()
        self.taken = 0
        # Whether the guest sends no more; whether the host sends no more, and the guest knows.
        self.read_over = self.write_ends = self.write_over = False
        self.events = 0
        # What ends the host's bytes.
        self.last = b''

    def ready(self, _):
        self.attempt(self.proceed)

    def attempt(self, action):
        try:
            action()
        except OSError as e:
            self.streams.reset(self, e)
            return
        if self.read_over and self.write_over:
            self.streams.drop(self)
        else:
            self.watch()

    def watch(self):
        wanted = select.EPOLLOUT if self.connecting or self.unsent else 0
        if not self.connecting and self.credit > 0 and not self.read_over:
            wanted |= select.EPOLLIN
        # A descriptor that is watched for nothing still reports a hang-up, over and over.
        if wanted != self.events:
            if self.events and wanted:
                self.streams.agent.poll.modify(self.fd, wanted)
            elif wanted:
                self.streams.agent.watch(self.fd, self.ready, wanted)
            else:
                self.streams.agent.unwatch(self.fd)
            self.events = wanted

    def proceed(self):
        if self.connecting:
            error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
            self.connected()
        self.write()
        self.read()

    def connected(self):
        self.connecting = False
        self.streams.send(STREAM_OPEN, self.number)

    def read(self):
        if self.credit == 0 or self.read_over:
            return
        try:
            data = self.socket.recv(min(self.credit, CHUNK))
        except BlockingIOError:
            return
        if data:
            self.credit -= len(data)
            self.streams.send(STREAM_DATA, self.number, data)
        else:
            self.read_over = True
            self.streams.send(STREAM_END, self.number)

    def write_first(self, data):
        """Writes what has just come, without a copy of it where all of it is taken."""
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        self.taken += sent
        self.unsent += data[sent:]
        self.write()

    def write(self):
        """Writes what there is, and lets the host send as much again, half a window at a time."""
        try:
            while self.unsent:
                sent = self.socket.send(self.unsent)
                del self.unsent[:sent]
                self.taken += sent
        except BlockingIOError:
            pass
        if self.taken >= Streams.TAKEN // 2 and not self.write_ends:
            self.streams.send(STREAM_CREDIT, self.number, struct.pack('<I', self.taken))
            self.taken = 0
        if self.write_ends and not self.unsent and not self.write_over:
            self.write_over = True
            self.socket.shutdown(socket.SHUT_WR)


class Input:
    """The end of a pipe, or of a terminal, from which a program reads its standard input."""

    def __init__(self, fd):
        self.fd = fd

    def fileno(self):
        return self.fd

    def send(self, data):
        return os.write(self.fd, data)

    def shutdown(self, _):
        """The end of a pipe is told by closing it, which comes next."""

    def close(self):
        os.close(self.fd)


class Listener:
    """A socket inside to which guest code connects to reach the host."""

    def __init__(self, streams, path, port):
        self.streams, self.path, self.port = streams, path, port
        self.number = 0
        self.socket = self.inode = None

    def listen(self):
        """Listens, also when guest code that may write the socket's folder has taken the socket away."""
        if self.socket is not None:
            if not self.path or self.is_there():
                return
            self.close()
        listener = socket.socket(socket.AF_UNIX if self.path else socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        try:
            if self.path:
                os.makedirs(os.path.dirname(self.path), 0o755, exist_ok=True)
                listener.bind(self.path)
                os.chmod(self.path, 0o666)
                self.inode = os.lstat(self.path).st_ino
            else:
                listener.bind(('127.0.0.1', self.port))
                self.port = listener.getsockname()[1]
            listener.listen(Streams.MAX_OPEN)
        except OSError:
            listener.close()
            raise
        self.socket = listener
        self.streams.agent.watch(listener.fileno(), self.accept)

    def is_there(self):
        try:
            if os.lstat(self.path).st_ino == self.inode:
                return True
            os.unlink(self.path)
        except FileNotFoundError:
            pass
        return False

    def accept(self, _):
        try:
            connection = accept(self.socket)
        except OSError:
            return
        connection.setblocking(False)
        if not self.path:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.streams.accepted(self.number, connection)

    def close(self):
        if self.socket is not None:
            self.streams.agent.unwatch(self.socket.fileno())
            self.socket.close()
            self.socket = None

    def end(self):
        self.close()
        try:
            if self.path and os.lstat(self.path).st_ino == self.inode:
                os.unlink(self.path)
        except OSError:
            # It is gone, or in a folder in which only the set-up could make it.
            pass


class Streams:
    """Connections in both directions, carried over the channel. Nothing here waits: each has its share of buffers.

    The host gives the numbers of the streams that it opens; those that are opened inside have the highest bit.
    """

    # In each direction. Beyond this the host is refused, and of the guest's the oldest goes: one that a background process keeps must not keep
    # others out.
    MAX_OPEN = 256
    # How much one side may send before it is told that it was taken.
    WINDOW = 128 << 10
    # And how much the host may: what waits here is the guest's own memory.
    TAKEN = 512 << 10
    INSIDE = 1 << 31

    def __init__(self, agent):
        self.agent = agent
        self.connected, self.incoming, self.inputs, self.listeners = {}, {}, {}, {}
        self.last = 0
        self.handlers = {
            STREAM_OPEN: self.connect, STREAM_DATA: self.take, STREAM_CREDIT: self.grant, STREAM_END: self.end, STREAM_RESET: self.close,
            LISTEN: self.listen, UNLISTEN: self.unlisten,
        }

    def handle(self, kind, number, frame):
        self.handlers[kind](number, frame)

    def send(self, kind, number, payload=b''):
        self.agent.channel.send(kind, number, payload)

    def of(self, number):
        return self.incoming if number & self.INSIDE else self.inputs if number in self.inputs else self.connected

    def feed(self, number, fd, is_terminal):
        """Has the host write the standard input of the run that has the stream's number."""
        os.set_blocking(fd, False)
        stream = self.inputs[number] = Stream(self, number, Input(fd))
        stream.read_over = True
        # A terminal has no end: a program takes this for one.
        stream.last = b'\4' if is_terminal else b''

    def end_feed(self, number):
        """The run has ended."""
        if number in self.inputs:
            self.drop(self.inputs[number])

    # From the host. A stream that it speaks of may have ended meanwhile.

    def connect(self, number, frame):
        """To a port of the loopback, or to a socket's path."""
        port, path = frame.number('<H'), frame.text()
        connection = None
        try:
            if len(self.connected) >= self.MAX_OPEN:
                # The host is done with some, perhaps, and the guest does not take the rest.
                for stream in [stream for stream in self.connected.values() if stream.read_over and stream.write_ends]:
                    self.drop(stream)
            if len(self.connected) >= self.MAX_OPEN:
                raise OSError(errno.EMFILE, 'too many connections')
            connection = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
            if not path:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            error = connection.connect_ex(path or ('127.0.0.1', port))
            if error not in (0, errno.EINPROGRESS):
                raise OSError(error, os.strerror(error))
        except (OSError, ValueError) as e:
            if connection is not None:
                connection.close()
            self.refuse(number, e)
            return
        stream = self.connected[number] = Stream(self, number, connection, error != 0)
        if error == 0:
            stream.connected()
        stream.watch()

    def take(self, number, frame):
        stream = self.of(number).get(number)
        if stream is None or stream.write_ends:
            return
        data = frame.rest()
        if len(stream.unsent) + len(data) > self.TAKEN:
            raise Protocol('more than a stream takes')
        if not stream.unsent and not stream.connecting:
            stream.attempt(functools.partial(stream.write_first, data))
            return
        stream.unsent += data
        if not stream.connecting:
            stream.attempt(stream.write)

    def grant(self, number, frame):
        stream = self.of(number).get(number)
        if stream is not None:
            stream.credit += frame.number('<I')
            stream.watch()

    def end(self, number, _):
        stream = self.of(number).get(number)
        if stream is not None and not stream.write_ends:
            stream.write_ends = True
            stream.unsent += stream.last
            if not stream.connecting:
                stream.attempt(stream.write)

    def close(self, number, _):
        """The host is done with the stream. What it has written still arrives, if the guest takes it."""
        stream = self.of(number).get(number)
        if stream is None:
            return
        if stream.connecting:
            self.drop(stream)
            return
        stream.read_over = stream.write_ends = True
        stream.attempt(stream.write)

    def listen(self, number, frame):
        port, path = frame.number('<H'), frame.text()
        listener = self.listeners.get(path or port) or Listener(self, path, port)
        try:
            listener.listen()
        except (OSError, ValueError) as e:
            self.agent.reply(number, FAILED, text_field(getattr(e, 'strerror', None) or str(e)))
            return
        listener.number = number
        self.listeners[path or listener.port] = listener
        self.agent.reply(number, DONE, struct.pack('<H', listener.port))

    def unlisten(self, number, frame):
        listening = frame.number('<I')
        for key, listener in list(self.listeners.items()):
            if listener.number == listening:
                listener.end()
                del self.listeners[key]
        self.agent.reply(number, DONE)

    # From the guest.

    def accepted(self, listener, connection):
        if len(self.incoming) >= self.MAX_OPEN:
            self.reset(next(iter(self.incoming.values())), OSError(errno.EMFILE, 'too many connections'))
        self.last = (self.last + 1) % self.INSIDE
        number = self.INSIDE | self.last
        stream = self.incoming[number] = Stream(self, number, connection)
        self.send(STREAM_OPEN, number, struct.pack('<I', listener))
        stream.watch()

    def restore(self):
        for listener in self.listeners.values():
            try:
                listener.listen()
            except OSError:
                # Guest code has put something in the way, and so does not reach the host.
                pass

    def reset(self, stream, error):
        self.drop(stream)
        self.refuse(stream.number, error)

    def refuse(self, number, error):
        self.send(STREAM_RESET, number, text_field(getattr(error, 'strerror', None) or str(error)))

    def drop(self, stream):
        if stream.events:
            self.agent.unwatch(stream.fd)
            stream.events = 0
        del self.of(stream.number)[stream.number]
        stream.socket.close()

    def close_all(self):
        """The host has gone, and with it all that it knew of the streams. The next one may listen at the same places."""
        for streams in (self.connected, self.incoming):
            for stream in list(streams.values()):
                self.drop(stream)
