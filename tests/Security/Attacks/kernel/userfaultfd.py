# Asks to handle page faults, as exploits of the kernel do to win races.
# canary: unfiltered
# walls: the system-call filter
from attack import *
attempt('userfaultfd', lambda: call(323, 282, 1))
attempt('device', lambda: opens('/dev/userfaultfd', os.O_RDWR))
refused()
