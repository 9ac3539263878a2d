# Connects to the host by IPv6: its loopback, and its addresses in the network.
# canary: host
# walls: a network namespace without an interface
from attack import *
for address in ['::1', *HOST['addresses6']]:
    attempt(address, lambda: socket.create_connection((address, HOST['port']), 5).close())
refused()
