# Reads the machine's memory, or where it lies.
# canary: root
# walls: the files are root's, or hidden (Docker as root); no device nodes
from attack import *
for path in '/proc/kcore', '/dev/mem', '/dev/kmem', '/dev/port', '/proc/kpagecount', '/proc/kpageflags', '/proc/kpagecgroup', \
        '/proc/vmallocinfo', '/proc/slabinfo', '/proc/pagetypeinfo', '/proc/allocinfo', '/proc/vmcore', '/proc/tty/driver/serial':
    attempt(path, lambda: len(open(path, 'rb').read(64)) > 0)
refused()
