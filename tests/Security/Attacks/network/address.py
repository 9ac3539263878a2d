# Connects to an address of the host in its network.
# canary: host
# walls: a network namespace without an interface
from attack import *
for address in HOST['addresses']:
    attempt(address, lambda: socket.create_connection((address, HOST['port']), 5).close())
refused()
