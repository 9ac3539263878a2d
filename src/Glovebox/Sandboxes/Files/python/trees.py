RENAME_NOREPLACE = 1
AT_FDCWD = -100
ACROSS = 16


def move(connection, path, order):
    to = base64.b64decode(order['to'])
    guard(path, order)
    if order['overwrites']:
        try:
            os.rename(path, to)
        except OSError as e:
            if e.errno != errno.EXDEV:
                raise
            copy(connection, path, to, True)
    else:
        move_to_nothing(connection, path, to)
    connection.send({})


def move_to_nothing(connection, path, to):
    """Moves what may replace nothing."""
    rename = getattr(LIBC, 'renameat2', None)
    error = errno.ENOSYS
    if rename is not None:
        if rename(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE) == 0:
            return
        error = ctypes.get_errno()
    if error in (errno.ENOSYS, errno.EINVAL):
        # The kernel, or what holds the files, cannot say it in one step. (A folder moved into itself is refused again.)
        if os.path.lexists(to):
            raise FileExistsError(errno.EEXIST, '')
        os.rename(path, to)
    elif error == errno.EXDEV:
        copy(connection, path, to, False)
    else:
        raise OSError(error, '')


def copy(connection, path, to, overwrites):
    """Moves a file or a link to another file system. It appears whole."""
    status = os.stat(path, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
        raise OSError(errno.EXDEV, '')
    if overwrites and os.path.isdir(to) and not os.path.islink(to):
        raise IsADirectoryError(errno.EISDIR, '')
    temporary = os.path.join(os.path.dirname(to), b'.glovebox-%s' % os.urandom(16).hex().encode())
    try:
        if stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(path), temporary)
        else:
            copy_content(connection, path, temporary, status)
        if overwrites:
            os.rename(temporary, to)
        else:
            move_to_nothing(connection, temporary, to)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
    os.unlink(path)


def copy_content(connection, path, to, status):
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(source).st_mode):
            raise Refused('NOTREGULAR')
        target = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            while True:
                connection.check()
                data = os.read(source, ACROSS * CHUNK)
                if not data:
                    break
                write_all(target, data)
            os.fchmod(target, status.st_mode & 0o777)
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        finally:
            os.close(target)
    finally:
        os.close(source)


def guard(path, order):
    """The work directory stays where it is, and so does all that it is in."""
    work = os.path.realpath(base64.b64decode(order['work']))
    real = os.path.realpath(path)
    if not os.path.islink(path) and (real == b'/' or work == real or work.startswith(real + b'/')):
        raise Refused('NEEDED')


def delete(connection, path, order):
    try:
        if not stat.S_ISDIR(os.stat(path, follow_symlinks=False).st_mode):
            os.unlink(path)
            connection.send({'done': True})
            return
        guard(path, order)
        if order['recursive']:
            delete_tree(connection, path)
        else:
            os.rmdir(path)
    except FileNotFoundError:
        connection.send({'done': False})
    else:
        connection.send({'done': True})


def delete_tree(connection, path):
    """Deletes a folder with all that is in it, however deep, through no link. Goes on where something stays, and says why the first did."""
    parent = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        error = empty(connection, os.path.basename(path), parent)
        try:
            os.rmdir(os.path.basename(path), dir_fd=parent)
        except OSError as e:
            raise (error or e) from None
    finally:
        os.close(parent)


def empty(connection, name, parent):
    """Empties a folder. One is open at a time; the way up is '..', if that is where it came from."""
    try:
        folder = os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as e:
        return e
    error = None
    # For each folder on the way: its name, where it is, and the folders that are left in it.
    way = []
    try:
        inside, error = unlink_files(folder, error)
        while True:
            connection.check()
            if inside:
                name = inside.pop()
                try:
                    inner = os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                except OSError as e:
                    error = remove(name, folder, error, e)
                    continue
                way.append((name, identity(folder), inside))
                os.close(folder)
                folder = inner
                inside, error = unlink_files(folder, error)
            elif way:
                name, where, inside = way.pop()
                outer = os.open('..', FOLDER, dir_fd=folder)
                os.close(folder)
                folder = outer
                if identity(folder) != where:
                    raise Refused('CHANGED')
                error = remove(name, folder, error)
            else:
                return error
    finally:
        os.close(folder)


def unlink_files(folder, error):
    """Deletes what is no folder. Gives the folders."""
    inside = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    inside.append(os.fsencode(entry.name))
                    continue
                try:
                    os.unlink(entry.name, dir_fd=folder)
                except FileNotFoundError:
                    pass
                except OSError as e:
                    error = error or e
    except OSError as e:
        error = error or e
    return inside, error


def remove(name, folder, error, reason=None):
    """Deletes a folder that should be empty."""
    try:
        os.rmdir(name, dir_fd=folder)
    except FileNotFoundError:
        pass
    except OSError as e:
        return error or reason or e
    return error


def identity(folder):
    status = os.fstat(folder)
    return status.st_dev, status.st_ino
