# Asks a name server of the host over TCP, as one does for long answers.
# canary: host
# walls: a network namespace without an interface
from attack import *
def ask(address):
    query = b'\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1'
    with socket.create_connection((address, HOST['port']), 5) as s:
        s.sendall(struct.pack('!H', len(query)) + query)
        return s.recv(512)[2:4] == b'\x12\x34'
for address in ['127.0.0.1', '::1', *HOST['addresses'], *HOST['addresses6']]:
    attempt(address, lambda: ask(address))
refused()
