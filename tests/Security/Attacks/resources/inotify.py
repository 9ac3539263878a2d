# Uses up the inotify instances of its user, whom it shares with programs of the host.
# sandbox: own
# canary: stranger
# walls: a uid that no one else has (bubblewrap as root)
from attack import *
most = int(open('/proc/sys/fs/inotify/max_user_instances').read())
def take():
    for _ in range(most - 1):
        if libc.inotify_init1(0) == -1:
            raise OSError(ctypes.get_errno(), 'refused')
attempt('inotify_init1', take)
refused()
