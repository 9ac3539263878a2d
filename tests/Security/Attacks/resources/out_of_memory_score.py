# Makes the kernel end the host's programs before it, when memory runs short: a score below theirs.
# canary: lower
# walls: a score that only CAP_SYS_RESOURCE may lower
from attack import *
path = '/proc/self/oom_score_adj'
def write(score):
    with open(path, 'w') as file:
        file.write(str(score))
write(1000)
attempt('oom_score_adj', lambda: write(HOST['score']))
refused()
