# Reads the addresses of the kernel's functions, as an exploit of the kernel needs them.
# canary: root
# walls: no capability (CAP_SYSLOG)
from attack import *
attempt('kallsyms', lambda: any(not line.startswith('0000000000000000 ') for line in open('/proc/kallsyms')))
attempt('modules', lambda: any('0xf' in line for line in open('/proc/modules')))
refused()
