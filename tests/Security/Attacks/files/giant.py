# Leaves a file of a terabyte that takes no room, for the host to read.
# canary: read
# walls: the workspace streams, and reads whole files up to a limit only
from attack import *
with open('giant.bin', 'w') as file:
    file.truncate(HOST['giant'])
print('READ giant.bin')
