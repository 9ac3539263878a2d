# Opens a performance counter.
# canary: unfiltered
# walls: the system-call filter
from attack import *
event = ctypes.create_string_buffer(struct.pack('<IIQQQQQ', 1, 112, 0, 0, 0, 0, 0x60), 112)
attempt('perf_event_open', lambda: call(298, 241, event, 0, -1, -1, 0))
refused()
