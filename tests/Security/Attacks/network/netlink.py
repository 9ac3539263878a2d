# Changes the network by netlink: an address on loopback, an interface.
# canary: open
# walls: no capability
from attack import *
def ask(kind, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.settimeout(5)
        s.send(struct.pack('<IHHII', 16 + len(body), kind, 0x605, 1, 0) + body)
        code = -struct.unpack_from('<i', s.recv(4096), 16)[0]
    if code:
        raise OSError(code, 'refused')
address = struct.pack('<BBBBI', 2, 32, 0, 0, 1) + struct.pack('<HH4B', 8, 2, 10, 9, 9, 9)
attempt('address', lambda: ask(20, address))
attempt('interface', lambda: ask(16, struct.pack('<BBHiII', 0, 0, 0, 1, 1, 1)))
refused()
