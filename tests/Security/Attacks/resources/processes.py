# Starts 400 processes at once.
# sandbox: own
# canary: large
# walls: a control group (pids.max); RLIMIT_NPROC for a plain user
from attack import *
def start():
    for _ in range(400):
        if os.fork() == 0:
            signal.pause()
attempt('fork', start)
refused()
