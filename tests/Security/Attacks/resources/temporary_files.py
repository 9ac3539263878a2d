# Fills the folders for temporary files, which are memory, beyond the policy's share.
# sandbox: own
# canary: open
# walls: each tmpfs has a size; a control group (memory.max)
from attack import *
block = b'x' * (1 << 20)
for folder, size in ('/dev/shm', HOST['shm'] * 5 // 4), ('/tmp', HOST['shm'] * 5 // 2):
    path = f'{folder}/filler'
    def fill():
        with open(path, 'wb', buffering=0) as file:
            for _ in range(size >> 20):
                file.write(block)
    attempt(folder, fill)
    os.unlink(path)
refused()
