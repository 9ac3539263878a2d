# Takes more memory than the policy allows, in a segment of System V that outlives its program.
# sandbox: own
# canary: host
# walls: a control group (memory.max)
# not-on: bubblewrap as a plain user: without a control group only each process has a limit, and the capabilities say so
from attack import *
libc.shmat.restype = ctypes.c_void_p
size = 256 << 20
segment = libc.shmget(0, size, 0o1600)
if segment == -1:
    refused(errno.errorcode[ctypes.get_errno()])
at = libc.shmat(segment, None, 0)
libc.shmctl(segment, 0, None)
ctypes.memset(ctypes.c_void_p(at), 1, size)
succeeded('256 MiB')
