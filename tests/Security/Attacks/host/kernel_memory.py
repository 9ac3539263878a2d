# Reads the machine's memory, or where it lies.
# canary: root
# walls: the files are root's; no device nodes
from attack import *
for path in '/proc/kcore', '/dev/mem', '/dev/kmem', '/dev/port', '/proc/kpagecount', '/proc/kpageflags', '/proc/vmallocinfo', '/proc/slabinfo':
    attempt(path, lambda: len(open(path, 'rb').read(64)) > 0)
refused()
