# Reads the kernel's log.
# canary: root
# walls: no capability; the system-call filter; no device node
from attack import *
attempt('syslog', lambda: call(103, 116, 3, ctypes.create_string_buffer(4096), 4096) > 0)
for path in '/dev/kmsg', '/proc/kmsg':
    attempt(path, lambda: opens(path, os.O_RDONLY))
refused()
