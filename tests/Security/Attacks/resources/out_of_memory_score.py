# Makes the kernel end other processes before it, when memory runs short.
# canary: root
# walls: no capability (CAP_SYS_RESOURCE)
from attack import *
path = '/proc/self/oom_score_adj'
old = int(open(path).read())
def write():
    with open(path, 'w') as file:
        file.write(str(old - 1))
attempt('oom_score_adj', write)
refused()
