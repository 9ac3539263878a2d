# Makes a device node of its own, and opens it.
# canary: root
# walls: no capability; nodev mounts
from attack import *
for folder in '.', '/tmp', '/dev/shm':
    path = f'{folder}/node-{os.getpid()}'
    def make():
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
        os.unlink(path)
    attempt(folder, make)
refused()
