# Asks a name server of the host, as one tunnels data out by names.
# canary: host
# walls: a network namespace without an interface
from attack import *
def ask(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect((address, HOST['udp']))
        s.send(b'\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1')
        return s.recv(512)[:2] == b'\x12\x34'
for address in ['127.0.0.1', *HOST['addresses']]:
    attempt(address, lambda: ask(address))
refused()
