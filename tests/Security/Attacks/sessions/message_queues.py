# Opens a POSIX message queue of a neighbour.
# walls: an IPC namespace
from attack import *
attempt('mq_open', lambda: call(240, 180, HOST['mark'].encode(), os.O_RDWR, 0, 0))
refused()
