# Changes mode, owner and time of the device nodes, to what they are.
# canary: unwalled
# walls: the guest's host uid is never 0; each node is a read-only mount
# not-on: Docker as root: the nodes are the container's own, on a tmpfs; a test of its own looks at the host's
from attack import *
for name in 'null', 'zero', 'full', 'random', 'urandom', 'tty':
    path = '/dev/' + name
    status = os.stat(path)
    attempt(f'chmod {name}', lambda: os.chmod(path, stat.S_IMODE(status.st_mode)))
    attempt(f'chown {name}', lambda: os.chown(path, os.getuid(), os.getgid()))
    attempt(f'time of {name}', lambda: os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns)))
refused()
