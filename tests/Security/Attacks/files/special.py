# Puts files that hold a reader up under names that a program produces: a FIFO, a socket, a device by a link.
# canary: read
# walls: the host opens without waiting and reads regular files only
from attack import *
os.mkfifo('result.csv')
socket.socket(socket.AF_UNIX).bind('result.sock')
os.symlink('/dev/zero', 'result.png')
for name in 'result.csv', 'result.sock', 'result.png':
    print('READ', name)
