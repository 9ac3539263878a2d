# Sets up io_uring, which does what a system-call filter does not see.
# canary: unfiltered
# walls: the system-call filter
from attack import *
attempt('io_uring_setup', lambda: call(425, 425, 1, ctypes.create_string_buffer(120)))
refused()
