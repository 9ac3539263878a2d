# Looks for a descriptor that a process should not have: a socket, or a file of the host.
# canary: leaky
# walls: all descriptors are closed on exec, and after a fork
from attack import *
for number in range(3, 1024):
    try:
        target = os.readlink(f'/proc/self/fd/{number}')
    except OSError:
        continue
    # The folder that is being read is of this program, and so is the code of a file that runs.
    attempt(f'{number} -> {target}', lambda: target.startswith('socket:') or HOST['file'] in target)
refused()
