# Connects to an abstract Unix socket of the host.
# canary: host
# walls: a network namespace, which abstract sockets belong to
from attack import *
attempt('connect', lambda: socket.socket(socket.AF_UNIX).connect('\0' + HOST['abstract']))
attempt('list', lambda: HOST['abstract'] in open('/proc/net/unix').read())
refused()
