class Files:
    """The work directory, used without ever following a link: guest code owns everything in it.

    A list goes folder by folder, the outer ones first: when there are too many files, those deep inside are left out.
    Every path is walked name by name from the open directory. Opening never waits: a pipe has no writer, a lease is not given up.
    """

    MAX_ENTRIES = 10000
    MAX_DEPTH = 64
    MAX_OPEN = 256
    BATCH = 256 << 10
    FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

    class Refused(Exception):
        pass

    class Writing:
        def __init__(self, folder, name, temporary, fd):
            self.folder, self.name, self.temporary, self.fd, self.error = folder, name, temporary, fd, None

    def __init__(self, reply):
        self.reply = reply
        self.root = None
        self.reading = {}
        self.writing = {}
        self.handlers = {
            LIST: self.list, OPEN_READ: self.open_read, READ: self.read, OPEN_WRITE: self.open_write, WRITE: self.write,
            COMMIT: self.commit, CLOSE: self.close, DELETE: self.delete,
        }

    def attach(self, path):
        if self.root is None:
            self.root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def handle(self, kind, number, frame):
        self.answer(number, self.handlers[kind], frame)

    def save(self, number, frame):
        """Writes a whole file. Answers, and gives False, only where that cannot be."""
        def write_all(number, frame):
            self.open_write(number, frame)
            self.put(self.writing[number], frame.rest())
            self.publish(self.writing.pop(number))

        return self.answer(number, write_all, frame)

    def answer(self, number, handler, frame):
        try:
            handler(number, frame)
            return True
        except self.Refused:
            self.reply(number, REFUSED)
        except ValueError:
            # A name with a NUL.
            self.reply(number, REFUSED)
        except OSError as e:
            self.reply(number, MISSING if e.errno == errno.ENOENT else REFUSED if e.errno == errno.ELOOP else FAILED,
                       text_field(os.strerror(e.errno) if e.errno else str(e)))
        return False

    def walk(self, path, create):
        """Opens the folder that holds the last name of a path."""
        names = path.split('/')
        if any(name in ('', '.', '..') for name in names):
            raise self.Refused()
        folder = os.dup(self.root)
        try:
            for name in names[:-1]:
                try:
                    inner = os.open(name, self.FOLDER, dir_fd=folder)
                except FileNotFoundError:
                    if not create:
                        raise
                    try:
                        os.mkdir(name, dir_fd=folder)
                    except FileExistsError:
                        pass
                    inner = os.open(name, self.FOLDER, dir_fd=folder)
                except OSError:
                    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                        raise self.Refused() from None
                    raise
                os.close(folder)
                folder = inner
        except BaseException:
            os.close(folder)
            raise
        return folder, names[-1]

    def list(self, number, frame=None):
        batch = bytearray()
        left, complete = self.MAX_ENTRIES, True
        folders = [(b'', 0)]
        for prefix, depth in folders:
            if left == 0 and not complete:
                break
            try:
                folder = self.open_folder(prefix)
            except OSError as e:
                complete = complete and e.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
                continue
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if left == 0:
                            complete = False
                            break
                        left -= 1
                        path = prefix + os.fsencode(entry.name)
                        status = self.status(entry)
                        if status is None:
                            continue
                        if stat.S_ISREG(status.st_mode):
                            # A file may say any time, also one that no 64 bits hold.
                            times = [max(-1 << 63, min(time, (1 << 63) - 1)) for time in (status.st_mtime_ns, status.st_ctime_ns)]
                            batch += field(path) + struct.pack('<QqqQB', status.st_size, *times, status.st_ino,
                                                               status.st_mode & 0o6000 != 0)
                            if len(batch) > self.BATCH:
                                self.reply(number, MORE, bytes(batch))
                                batch.clear()
                        elif stat.S_ISDIR(status.st_mode) and depth == self.MAX_DEPTH:
                            complete = False
                        elif stat.S_ISDIR(status.st_mode):
                            folders.append((path + b'/', depth + 1))
            except OSError:
                pass
            finally:
                os.close(folder)
        if batch:
            self.reply(number, MORE, bytes(batch))
        self.reply(number, DONE, struct.pack('<B', complete))

    @staticmethod
    def status(entry):
        try:
            return entry.stat(follow_symlinks=False)
        except OSError:
            return None

    def open_folder(self, path):
        folder = os.dup(self.root)
        for name in path.split(b'/')[:-1]:
            try:
                inner = os.open(name, self.FOLDER, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        return folder

    def open_read(self, number, frame):
        if len(self.reading) >= self.MAX_OPEN:
            raise OSError(errno.EMFILE, '')
        folder, name = self.walk(frame.text(), False)
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise FileNotFoundError(errno.ENOENT, '')
        self.reading[number] = fd
        self.reply(number, DONE, struct.pack('<Q', status.st_size))

    def read(self, number, frame):
        handle, offset, count = frame.number('<I'), frame.number('<Q'), frame.number('<I')
        if handle not in self.reading:
            raise OSError(errno.EBADF, '')
        self.reply(number, DONE, os.pread(self.reading[handle], min(count, self.BATCH), offset))

    def open_write(self, number, frame):
        """The answer comes with the commit: a whole file takes one exchange."""
        writing = self.writing[number] = self.Writing(None, None, None, None)
        try:
            if len(self.writing) > self.MAX_OPEN:
                raise OSError(errno.EMFILE, '')
            folder, name = self.walk(frame.text(), True)
            writing.folder, writing.name = folder, name
            try:
                old = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            except FileNotFoundError:
                old = stat.S_IFREG
            if stat.S_ISDIR(old):
                raise IsADirectoryError(errno.EISDIR, '')
            if not stat.S_ISREG(old):
                raise self.Refused()
            temporary = '.glovebox-%s' % os.urandom(16).hex()
            writing.fd = os.open(temporary, self.NEW, 0o666, dir_fd=folder)
            writing.temporary = temporary
        except (OSError, ValueError, self.Refused) as e:
            writing.error = e

    def write(self, number, frame):
        writing = self.writing.get(frame.number('<I'))
        if writing is not None:
            self.put(writing, frame.rest())

    def put(self, writing, data):
        if writing.error is not None:
            return
        try:
            data = memoryview(data)
            while data:
                data = data[os.write(writing.fd, data):]
        except OSError as e:
            writing.error = e

    def commit(self, number, frame):
        writing = self.writing.pop(frame.number('<I'), None)
        if writing is None:
            raise OSError(errno.EBADF, '')
        self.publish(writing)
        self.reply(number, DONE)

    def publish(self, writing):
        try:
            if writing.error is not None:
                raise writing.error
            os.rename(writing.temporary, writing.name, src_dir_fd=writing.folder, dst_dir_fd=writing.folder)
            writing.temporary = None
        finally:
            self.drop(writing)

    def close(self, number, frame):
        handle = frame.number('<I')
        if handle in self.reading:
            os.close(self.reading.pop(handle))
        if handle in self.writing:
            self.drop(self.writing.pop(handle))

    def drop(self, writing):
        if writing.temporary is not None:
            try:
                os.unlink(writing.temporary, dir_fd=writing.folder)
            except OSError:
                pass
        for fd in (writing.fd, writing.folder):
            if fd is not None:
                os.close(fd)

    def delete(self, number, frame):
        folder, name = self.walk(frame.text(), False)
        try:
            os.unlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        self.reply(number, DONE)

    def close_all(self):
        for fd in self.reading.values():
            os.close(fd)
        self.reading.clear()
        for writing in self.writing.values():
            self.drop(writing)
        self.writing.clear()
