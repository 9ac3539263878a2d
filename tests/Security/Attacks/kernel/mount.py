# Mounts: the old way and the new.
# canary: open
# walls: no capability; the system-call filter
from attack import *
attempt('tmpfs', lambda: call(165, 40, b'tmpfs', b'/tmp', b'tmpfs', 0, 0))
attempt('proc', lambda: call(165, 40, b'proc', b'/tmp', b'proc', 0, 0))
attempt('bind', lambda: call(165, 40, b'/proc', b'/tmp', 0, 4096, 0))
attempt('remount', lambda: call(165, 40, 0, b'/usr', 0, 32 | 4096, 0))
attempt('umount', lambda: call(166, 39, b'/proc/sys', 2))
attempt('open_tree', lambda: call(428, 428, -100, b'/tmp', 1))
attempt('fsopen', lambda: call(430, 430, b'tmpfs', 0))
attempt('pivot_root', lambda: call(155, 41, b'/tmp', b'/tmp'))
attempt('chroot', lambda: os.chroot('/usr'))
refused()
