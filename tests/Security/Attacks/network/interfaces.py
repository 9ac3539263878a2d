# Looks for an interface other than loopback that is up.
# canary: host
# walls: a network namespace without an interface
from attack import *
import fcntl
def is_up(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        answer = fcntl.ioctl(s, 0x8913, struct.pack('16sH14s', name.encode(), 0, b''))
    return struct.unpack('16sH14s', answer)[1] & 1 == 1
for _, name in socket.if_nameindex():
    if name != 'lo':
        attempt(name, lambda: is_up(name))
refused()
