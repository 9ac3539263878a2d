# Makes two hundred thousand empty files in memory: each costs the kernel some.
# sandbox: own
# canary: open
# walls: a control group (memory.max), which counts what the kernel keeps for the guest
# not-on: bubblewrap as a plain user: without a control group nothing counts them, and the capabilities say so
from attack import *
def make():
    os.mkdir('/tmp/inodes')
    folder = os.open('/tmp/inodes', os.O_RDONLY)
    for number in range(200_000):
        os.mknod(str(number), stat.S_IFREG | 0o600, dir_fd=folder)
attempt('mknod', make)
refused()
