# Makes namespaces of its own, in which it would be root.
# canary: open
# walls: no more user namespaces (bubblewrap); the system-call filter
from attack import *
flags = {'user': 0x10000000, 'mount': 0x20000, 'net': 0x40000000, 'pid': 0x20000000, 'time': 0x80}
def child(flag):
    process = call(56, 220, flag | 17, 0, 0, 0, 0)
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)
for name, flag in flags.items():
    attempt(f'clone {name}', lambda: child(flag))
def unshare(flag):
    # In a child: the rest of this program is to be what it was.
    process = os.fork()
    if process == 0:
        try:
            call(272, 97, flag)
        except OSError as e:
            os._exit(e.errno)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code:
        raise OSError(code, 'refused')
for name, flag in flags.items():
    attempt(f'unshare {name}', lambda: unshare(flag))
    attempt(f'unshare user and {name}', lambda: unshare(flag | 0x10000000))
refused()
