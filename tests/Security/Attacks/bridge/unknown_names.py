# Calls functions that are not offered, by names that look like others.
# canary: known
# walls: names are looked up in what was offered, byte by byte
from attack import *
from bridge.client import *
s = connect()
for name in b'ADD', b'add ', b'add\0', b'__init__', b'../add', b'', b'\xff\xfe', b'System.IO.File.ReadAllText', HOST['function'].encode():
    s.sendall(request(name, b'{"a":1,"b":2}'))
    got = answer(s)
    if got != 'unknown-function':
        succeeded(f'{name}: {got}')
    reasons.append(got)
refused() if works() else succeeded('the socket is dead')
