OPERATIONS = {
    'get': get, 'list': list_folder, 'read': read, 'write': write, 'make': make_folder, 'move': move, 'delete': delete,
    'permissions': set_permissions, 'watch': watch,
}


def answer(connection):
    try:
        connection.send(GREETING)
        order = connection.receive()
        try:
            OPERATIONS[order['operation']](connection, base64.b64decode(order['path']), order)
        except (OSError, Refused, RecursionError, MemoryError) as e:
            connection.send({'error': word(e)})
        connection.drain()
    except Gone:
        pass
    except (ValueError, KeyError, TypeError, OSError):
        # Whoever says this is not the host.
        pass
    finally:
        connection.close()


class Service:
    def __init__(self, listener):
        self.listener = listener
        self.places = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def serve(self):
        while True:
            connection = Connection(self.listener.accept()[0])
            if not self.places.acquire(blocking=False):
                connection.close()
                continue
            try:
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()
            except RuntimeError:
                # The processes are used up, and threads are among them.
                self.places.release()
                self.refuse(connection)

    def answer(self, connection):
        try:
            answer(connection)
        finally:
            self.places.release()

    @staticmethod
    def refuse(connection):
        try:
            connection.send(GREETING)
            connection.send({'error': 'THREADS'})
        except Gone:
            pass
        finally:
            connection.close()


def start():
    """Its argument: where it is to listen. Its folder must be its user's alone."""
    folder, name = os.path.split(os.fsencode(sys.argv[1]))
    # Each thread would have memory set aside for it that counts where address space is limited.
    if hasattr(LIBC, 'mallopt'):
        M_ARENA_MAX = -8
        LIBC.mallopt(M_ARENA_MAX, 1)
    threading.stack_size(512 << 10)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    # The whole path may be longer than that of a socket can be.
    os.chdir(folder)
    if os.stat('.').st_uid != os.getuid() or os.stat('.').st_mode & 0o077:
        raise PermissionError(errno.EACCES, 'The folder of the socket is open to others')
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    listener.bind(name)
    listener.listen(MAX_CONNECTIONS)
    os.chdir('/')
    os.write(1, b'ready\n')
    Service(listener).serve()


start()
