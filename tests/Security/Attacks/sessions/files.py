# Looks for files of a neighbour.
# walls: a mount namespace; a work directory, /tmp and /dev/shm for each
from attack import *
for folder in '/workspace', '/tmp', '/dev/shm', '/home/glovebox', '/var/tmp':
    attempt(folder, lambda: os.path.exists(f'{folder}/{HOST["mark"]}'))
refused()
