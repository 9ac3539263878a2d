# Reads and writes the agent's memory.
# canary: visible-agent
# walls: the agent is not dumpable, or another user's; the system-call filter
from attack import *
vector = (ctypes.c_size_t * 2)(1, 0)
attempt('mem', lambda: opens('/proc/1/mem', os.O_RDONLY))
attempt('mem, to write', lambda: opens('/proc/1/mem', os.O_RDWR))
attempt('maps', lambda: open('/proc/1/maps').read(1) != '')
attempt('environ', lambda: open('/proc/1/environ').read(1) != '')
attempt('process_vm_readv', lambda: call(310, 270, 1, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0))
attempt('process_vm_writev', lambda: call(311, 271, 1, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0))
refused()
