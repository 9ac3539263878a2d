IN_MODIFY, IN_ATTRIB, IN_MOVED_FROM, IN_MOVED_TO = 0x2, 0x4, 0x40, 0x80
IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF = 0x100, 0x200, 0x400, 0x800
IN_UNMOUNT, IN_Q_OVERFLOW, IN_IGNORED = 0x2000, 0x4000, 0x8000
IN_ONLYDIR, IN_ISDIR = 0x1000000, 0x40000000
IN_ALL = IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
EVENT = struct.Struct('iIII')
# How long the other half of a rename may take, in milliseconds.
HALF = 50


def watch(connection, path, order):
    """Tells what happens in a folder until it is gone, or the host is."""
    watching = Watching(connection, order['recursive'], order['most'])
    try:
        watching.begin(path)
        connection.send({})
        watching.serve()
    finally:
        os.close(watching.fd)


class Watching:
    def __init__(self, connection, is_recursive, most):
        self.connection, self.is_recursive, self.most = connection, is_recursive, most
        self.fd = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise self.failure()
        # The folders that are watched, by number: where they are, seen from the first. And what was found in new ones, of which the kernel
        # may still tell.
        self.paths, self.found = {}, {}
        self.root = None
        # Of a rename within the folder, one half comes after the other.
        self.halves = {}
        self.batch = bytearray()

    @staticmethod
    def failure():
        error = ctypes.get_errno()
        return Refused('WATCHLIMIT') if error in (errno.ENOSPC, errno.EMFILE) else OSError(error, '')

    def add(self, folder):
        """Watches the folder that was opened, whatever happens to its name."""
        number = LIBC.inotify_add_watch(self.fd, b'/proc/self/fd/%d' % folder, IN_ALL | IN_ONLYDIR)
        if number < 0:
            raise self.failure()
        return number

    def begin(self, path):
        self.path = path
        folder = os.open(path, FOLDER)
        try:
            self.where = identity(folder)
            self.root = self.add(folder)
        finally:
            # The kernel does not tell of the end of a folder that is open.
            os.close(folder)
        self.paths[self.root] = b''
        if self.is_recursive and not self.add_inside(b'', False):
            raise Refused('WATCHLIMIT')

    def open(self, inside):
        root = os.open(self.path, FOLDER)
        try:
            if identity(root) != self.where:
                raise OSError(errno.ENOENT, '')
            return open_inside(root, inside)
        finally:
            os.close(root)

    def add_inside(self, top, tells):
        """Watches the folders in a folder. False when there are too many. What is in a new one before it is watched is told of here."""
        complete = True
        folders = [top]
        for inside in folders:
            self.connection.check()
            try:
                folder = self.open(inside)
            except OSError:
                continue
            try:
                if inside:
                    if len(self.paths) >= self.most:
                        return False
                    number = self.add(folder)
                    self.paths[number] = inside
                for name in os.listdir(folder):
                    name = os.fsencode(name)
                    try:
                        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
                    except OSError:
                        continue
                    path = inside + b'/' + name if inside else name
                    if tells:
                        self.found.setdefault(number, set()).add(name)
                        self.tell('created', path, is_folder)
                    if is_folder:
                        folders.append(path)
            except Refused:
                complete = False
            except OSError:
                continue
            finally:
                os.close(folder)
        return complete

    def serve(self):
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.register(self.connection.socket, select.POLLIN)
        while True:
            if not poll.poll(HALF if self.halves else None):
                self.give_up(list(self.halves))
                self.flush()
                continue
            # The host says nothing more; what comes is its end.
            self.connection.check()
            try:
                data = os.read(self.fd, 64 << 10)
            except BlockingIOError:
                continue
            earlier = list(self.halves)
            at = 0
            while at < len(data):
                number, mask, cookie, length = EVENT.unpack_from(data, at)
                at += EVENT.size
                name = data[at:at + length].rstrip(b'\0')
                at += length
                if not self.take(number, mask, cookie, name):
                    return
            self.give_up(earlier)
            self.flush()

    def take(self, number, mask, cookie, name):
        if mask & IN_Q_OVERFLOW:
            self.lose('overflow')
            if self.is_recursive and not self.add_inside(b'', False):
                self.lose('limit')
            return True
        if number == self.root and mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT):
            self.give_up(list(self.halves))
            self.tell('ended', b'', True, reason='removed' if mask & IN_DELETE_SELF else 'moved' if mask & IN_MOVE_SELF else 'unmounted')
            self.flush()
            return False
        if mask & IN_IGNORED:
            self.paths.pop(number, None)
            self.found.pop(number, None)
        if number not in self.paths or not name:
            return True
        folder, is_folder = self.paths[number], mask & IN_ISDIR != 0
        path = folder + b'/' + name if folder else name
        found = self.found.get(number, set())
        if mask & IN_CREATE:
            if name in found:
                found.discard(name)
            else:
                self.tell('created', path, is_folder)
                self.follow(path, is_folder)
        elif mask & IN_MODIFY:
            self.tell('written', path, is_folder)
        elif mask & IN_ATTRIB:
            self.tell('permissions', path, is_folder)
        elif mask & IN_MOVED_FROM:
            found.discard(name)
            self.halves[cookie] = path, is_folder
        elif mask & IN_DELETE:
            found.discard(name)
            self.tell('removed', path, is_folder)
        elif mask & IN_MOVED_TO:
            half = self.halves.pop(cookie, None)
            if half is None:
                self.tell('created', path, is_folder)
                self.follow(path, is_folder)
            else:
                self.tell('renamed', path, is_folder, old=text(half[0]))
                self.rename(half[0], path)
        return True

    def follow(self, path, is_folder):
        if is_folder and self.is_recursive and not self.add_inside(path, True):
            self.lose('limit')

    def rename(self, old, new):
        for number, path in self.paths.items():
            if path == old or path.startswith(old + b'/'):
                self.paths[number] = new + path[len(old):]

    def give_up(self, cookies):
        """What was moved out of the folder is gone from it."""
        for cookie in cookies:
            if cookie not in self.halves:
                continue
            path, is_folder = self.halves.pop(cookie)
            self.tell('removed', path, is_folder)
            for number, inside in list(self.paths.items()):
                if inside == path or inside.startswith(path + b'/'):
                    LIBC.inotify_rm_watch(self.fd, number)
                    del self.paths[number]

    def lose(self, reason):
        self.tell('lost', b'', True, reason=reason)

    def tell(self, kind, path, is_folder, **more):
        self.batch += json.dumps(dict(more, event=kind, path=text(path), folder=is_folder)).encode() + b'\n'
        if len(self.batch) > BATCH:
            self.flush()

    def flush(self):
        if self.batch:
            self.connection.send_all(bytes(self.batch))
            self.batch.clear()
