# Asks for the host's name.
# canary: host
# walls: a UTS namespace; no file of the host with the name
from attack import *
attempt('gethostname', lambda: socket.gethostname() == HOST['name'])
for path in '/proc/sys/kernel/hostname', '/etc/hostname', '/etc/machine-id':
    attempt(path, lambda: HOST['name'] in open(path).read())
refused()
