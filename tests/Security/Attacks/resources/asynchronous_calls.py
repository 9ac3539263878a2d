# Takes of the asynchronous calls that the whole machine shares.
# canary: unfiltered
# walls: the system-call filter
from attack import *
context = ctypes.c_ulong(0)
attempt('io_setup', lambda: call(206, 0, 1, ctypes.byref(context)))
refused()
