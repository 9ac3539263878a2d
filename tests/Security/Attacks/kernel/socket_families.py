# Opens sockets of rare families: the kernel's cryptography, the hypervisor, and others with a history.
# canary: unfiltered
# walls: the system-call filter
from attack import *
families = {'AF_ALG': (38, 5), 'AF_VSOCK': (40, 1), 'AF_PACKET': (17, 3), 'AF_XDP': (44, 3), 'AF_TIPC': (30, 1), 'AF_CAN': (29, 3),
            'AF_RDS': (21, 5), 'AF_BLUETOOTH': (31, 3), 'AF_KCM': (41, 5), 'AF_KEY': (15, 3), 'AF_SMC': (43, 1), 'AF_QIPCRTR': (42, 2)}
for name, (family, kind) in families.items():
    attempt(name, lambda: socket.socket(family, kind).close())
refused()
