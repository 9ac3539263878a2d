# Looks whether one of its namespaces is the host's.
# canary: host
# walls: namespaces for processes, network, IPC and names
from attack import *
for kind in 'pid', 'net', 'ipc', 'uts':
    attempt(kind, lambda: os.readlink(f'/proc/self/ns/{kind}') == HOST[kind])
refused()
