# Reads a file of the host that every user may read.
# canary: host
# walls: a mount namespace that holds the system's folders only
from attack import *
attempt('open', lambda: open(HOST['file']).read() == HOST['content'])
attempt('by the root of process 1', lambda: open('/proc/1/root' + HOST['file']).read() == HOST['content'])
attempt('by the parent folders', lambda: open('/workspace/../../../../..' + HOST['file']).read() == HOST['content'])
refused()
