def read(connection, path, order):
    """A range of a regular file: what is none may never end, or do something when it is opened."""
    if not is_regular(os.stat(path).st_mode):
        raise Refused('NOTREGULAR')
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        status = os.fstat(file)
        if not is_regular(status.st_mode):
            raise Refused('NOTREGULAR')
        connection.send({})
        at, end = order['offset'], LAST if order['length'] is None else min(LAST, order['offset'] + order['length'])
        try:
            while at < end and (at < status.st_size or status.st_size == 0):
                data = os.pread(file, min(CHUNK, end - at), at)
                if not data:
                    break
                connection.send_piece(data)
                at += len(data)
        except OSError as e:
            connection.send_all(struct.pack('<I', FAILURE))
            connection.send({'error': word(e)})
            return
        connection.send_all(struct.pack('<I', 0))
    finally:
        os.close(file)


def is_regular(mode):
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, '')
    return stat.S_ISREG(mode)


def write(connection, path, order):
    if order['parents']:
        try:
            make_folders(os.path.dirname(path))
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, '') from None
    if order['append']:
        append(connection, path, order['mode'])
    else:
        replace(connection, path, order['mode'])
    connection.send({})


def append(connection, path, mode):
    """Where the file ends, even while others write there."""
    is_new = not os.path.exists(path)
    if not is_new and not is_regular(os.stat(path).st_mode):
        raise Refused('NOTREGULAR')
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o666)
    try:
        if not is_regular(os.fstat(file).st_mode):
            raise Refused('NOTREGULAR')
        if mode is not None and is_new:
            os.fchmod(file, mode)
        for data in connection.pieces():
            write_all(file, data)
    finally:
        os.close(file)


def replace(connection, path, mode):
    """The file appears whole, with the permissions of the one that it replaces."""
    path = os.path.realpath(path)
    try:
        old = os.stat(path, follow_symlinks=False).st_mode
        if stat.S_ISLNK(old):
            raise OSError(errno.ELOOP, '')
        if not is_regular(old):
            raise Refused('NOTREGULAR')
        mode = old & 0o777 if mode is None else mode
    except FileNotFoundError:
        pass
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    temporary = b'.glovebox-%s' % os.urandom(16).hex().encode()
    try:
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=folder)
        try:
            for data in connection.pieces():
                write_all(file, data)
            if mode is not None:
                os.fchmod(file, mode)
            os.rename(temporary, os.path.basename(path), src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            try:
                os.unlink(temporary, dir_fd=folder)
            except OSError:
                pass
            raise
        finally:
            os.close(file)
    finally:
        os.close(folder)


def write_all(file, data):
    data = memoryview(data)
    while data:
        data = data[os.write(file, data):]
