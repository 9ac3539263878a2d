# Connects to a port on the host's loopback.
# canary: host
# walls: a network namespace
from attack import *
for address in '127.0.0.1', '127.0.0.2', '0.0.0.0', '::ffff:127.0.0.1':
    attempt(address, lambda: socket.create_connection((address, HOST['port']), 5).close())
refused()
