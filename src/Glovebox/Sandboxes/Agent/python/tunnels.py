class Tunnel:
    """One connection inside the environment. What was not asked for is not read: the host says how much it takes."""

    def __init__(self, tunnels, number, connection, connecting):
        self.tunnels, self.number, self.socket, self.connecting = tunnels, number, connection, connecting
        self.fd = connection.fileno()
        self.credit = 0
        self.unwritten = bytearray()
        self.read_over = self.write_over = self.write_ends = False
        self.events = 0

    def watch(self):
        wanted = select.EPOLLOUT if self.connecting or self.unwritten else 0
        if not self.connecting and self.credit > 0 and not self.read_over:
            wanted |= select.EPOLLIN
        # A descriptor that is watched for nothing still reports a hang-up, over and over.
        if wanted != self.events:
            if self.events:
                self.tunnels.agent.unwatch(self.fd)
            if wanted:
                self.tunnels.agent.watch(self.fd, self.ready, wanted)
            self.events = wanted

    def ready(self, _):
        try:
            if self.connecting:
                error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, os.strerror(error))
                self.connected()
            else:
                self.write()
                self.read()
        except OSError as e:
            self.tunnels.fail(self, e)
            return
        if self.read_over and self.write_over:
            self.tunnels.drop(self)
        else:
            self.watch()

    def connected(self):
        self.connecting = False
        self.tunnels.send(TUNNEL_OPENED, self.number)

    def read(self):
        if self.credit == 0 or self.read_over:
            return
        try:
            data = self.socket.recv(min(self.credit, CHUNK))
        except BlockingIOError:
            return
        if data:
            self.credit -= len(data)
            self.tunnels.send(TUNNEL_RECEIVED, self.number, data)
        else:
            self.read_over = True
            self.tunnels.send(TUNNEL_CLOSED, self.number, struct.pack('<B', TUNNEL_ENDED))

    def write(self):
        """Writes what there is, and lets the host send as much again."""
        written = 0
        try:
            while self.unwritten:
                count = self.socket.send(self.unwritten)
                del self.unwritten[:count]
                written += count
        except BlockingIOError:
            pass
        if written:
            self.tunnels.send(TUNNEL_TAKEN, self.number, struct.pack('<I', written))
        if self.write_ends and not self.unwritten and not self.write_over:
            self.write_over = True
            self.socket.shutdown(socket.SHUT_WR)


class Tunnels:
    """Connections to servers inside the environment, carried over the channel. Nothing here waits: each has its share of buffers."""

    MAX_OPEN = 256
    # How much the host may send on a tunnel before it is told that it was taken.
    WINDOW = 256 << 10

    def __init__(self, agent):
        self.agent = agent
        self.open = {}
        self.handlers = {
            TUNNEL_OPEN: self.connect, TUNNEL_SEND: self.take, TUNNEL_CREDIT: self.grant, TUNNEL_CLOSE: self.close,
        }

    def handle(self, kind, number, frame):
        self.handlers[kind](number, frame)

    def send(self, kind, number, payload=b''):
        self.agent.channel.send(kind, number, payload)

    def connect(self, number, frame):
        """To a socket's path, or to a port of the loopback."""
        credit, port, path = frame.number('<I'), frame.number('<H'), frame.text()
        connection = None
        try:
            if len(self.open) >= self.MAX_OPEN:
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
        tunnel = self.open[number] = Tunnel(self, number, connection, error != 0)
        tunnel.credit = credit
        if error == 0:
            tunnel.connected()
        tunnel.watch()

    def take(self, number, frame):
        tunnel = self.open.get(number)
        if tunnel is None or tunnel.write_ends:
            return
        data = frame.rest()
        if len(tunnel.unwritten) + len(data) > self.WINDOW:
            raise Protocol('more than a tunnel takes')
        tunnel.unwritten += data
        if not tunnel.connecting:
            self.proceed(tunnel)

    def grant(self, number, frame):
        tunnel = self.open.get(number)
        if tunnel is not None:
            tunnel.credit += frame.number('<I')
            tunnel.watch()

    def close(self, number, frame):
        tunnel = self.open.get(number)
        if tunnel is None:
            return
        if frame.number('<B') != TUNNEL_ENDED:
            self.drop(tunnel)
            return
        tunnel.write_ends = True
        if not tunnel.connecting:
            self.proceed(tunnel)

    def proceed(self, tunnel):
        try:
            tunnel.write()
        except OSError as e:
            self.fail(tunnel, e)
            return
        if tunnel.read_over and tunnel.write_over:
            self.drop(tunnel)
        else:
            tunnel.watch()

    def fail(self, tunnel, error):
        self.drop(tunnel)
        self.refuse(tunnel.number, error)

    def refuse(self, number, error):
        words = getattr(error, 'strerror', None) or str(error)
        self.send(TUNNEL_CLOSED, number, struct.pack('<B', TUNNEL_FAILED) + text_field(words))

    def drop(self, tunnel):
        if tunnel.events:
            self.agent.unwatch(tunnel.fd)
            tunnel.events = 0
        del self.open[tunnel.number]
        tunnel.socket.close()

    def descriptors(self):
        return [tunnel.fd for tunnel in self.open.values()]

    def close_all(self):
        for tunnel in list(self.open.values()):
            self.drop(tunnel)
