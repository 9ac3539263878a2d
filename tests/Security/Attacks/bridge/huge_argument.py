# Sends an argument of a gigabyte, to fill the host's memory.
# canary: known
# walls: a limit, checked before the bytes are taken; the stream's credit
from attack import *
from bridge.client import *
s = connect()
sent, size = 0, HOST['argument']
s.sendall(request(b'say', b'', size=size + 4)[:8])
block = b'{"text":"'.ljust(1 << 16, b'x')
try:
    while sent < size:
        sent += s.send((b'{"text":"' + b'x' * (size - 11) + b'"}') if size < 1 << 16 else block)
except (BrokenPipeError, ConnectionResetError):
    pass
got = answer(s)
if got not in ('too-large', 'closed') or sent > 64 << 20:
    succeeded(f'{sent} bytes: {got}')
refused(got) if works() else succeeded('the socket is dead')
