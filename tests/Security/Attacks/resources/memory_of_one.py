# Takes more memory than the policy allows, in one process.
# sandbox: own
# canary: host
# walls: a control group (memory.max); RLIMIT_AS for a plain user
from attack import *
import mmap
def take():
    mmap.mmap(-1, 3 << 30).close()
    block = mmap.mmap(-1, 256 << 20)
    for at in range(0, len(block), 4096):
        block[at] = 1
attempt('memory', take)
refused()
