FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC
BATCH = 32 << 10
LAST = (1 << 63) - 1


def describe(status, target=None):
    kind = 'file' if stat.S_ISREG(status.st_mode) else 'directory' if stat.S_ISDIR(status.st_mode) \
        else 'link' if stat.S_ISLNK(status.st_mode) else 'other'
    # A file may say any time and any size.
    return {
        'kind': kind, 'size': max(0, min(status.st_size, LAST)), 'mode': stat.S_IMODE(status.st_mode), 'user': status.st_uid,
        'group': status.st_gid, 'modified': max(-LAST, min(status.st_mtime_ns, LAST)), 'target': None if target is None else text(target),
    }


def target_of(name, status, folder=None):
    if not stat.S_ISLNK(status.st_mode):
        return None
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError:
        return b''


def get(connection, path, order):
    """What is said of one file."""
    status = os.stat(path, follow_symlinks=order['follows'])
    connection.send({'file': describe(status, target_of(path, status))})


def open_inside(root, path):
    """Opens a folder inside of another one, through no link."""
    folder = os.dup(root)
    for name in path.split(b'/') if path else ():
        try:
            inner = os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def list_folder(connection, path, order):
    """Folder by folder, the outer ones first: when there is too much, what is deep inside is left out."""
    depth, left, room, complete = order['depth'], order['most'], order['room'], True
    root = os.open(path, FOLDER)
    batch = bytearray(b'{}\n')
    try:
        folders = [(b'', 1)]
        for inside, level in folders:
            if left == 0 or room < 0:
                complete = False
                break
            connection.check()
            try:
                folder = open_inside(root, inside)
            except OSError as e:
                if not inside:
                    raise
                complete = complete and e.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
                continue
            try:
                for name in os.listdir(folder):
                    name = os.fsencode(name)
                    if left == 0 or room < 0:
                        complete = False
                        break
                    try:
                        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    except OSError:
                        complete = False
                        continue
                    target, at = target_of(name, status, folder), inside + b'/' + name if inside else name
                    room -= len(at) + len(target or b'')
                    if room < 0:
                        complete = False
                        break
                    left -= 1
                    entry = describe(status, target)
                    entry['path'] = text(at)
                    batch += json.dumps({'file': entry}).encode() + b'\n'
                    if len(batch) > BATCH:
                        connection.send_all(bytes(batch))
                        batch.clear()
                    if level < depth and stat.S_ISDIR(status.st_mode):
                        folders.append((at, level + 1))
            except OSError:
                complete = False
            finally:
                os.close(folder)
    finally:
        os.close(root)
    batch += json.dumps({'end': True, 'complete': complete}).encode() + b'\n'
    connection.send_all(bytes(batch))


def set_permissions(connection, path, order):
    os.chmod(path, order['mode'])
    connection.send({})


def make_folder(connection, path, order):
    connection.send({'done': make_folders(path)})


def make_folders(path):
    """Makes a folder, and those that it is in. Whether it was not there."""
    made = False
    at = 0
    while at >= 0:
        at = path.find(b'/', at + 1)
        folder = path if at < 0 else path[:at]
        try:
            os.mkdir(folder)
            made = True
        except FileExistsError:
            made = False
        except OSError:
            # In a folder that cannot be written there may be one.
            if not os.path.isdir(folder):
                raise
            made = False
    if not made and not os.path.isdir(path):
        raise FileExistsError(errno.EEXIST, '')
    return made
