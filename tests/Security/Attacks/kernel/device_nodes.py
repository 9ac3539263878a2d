# Opens devices of the machine.
# canary: root
# walls: no such nodes; the device control group (Docker)
from attack import *
for name in 'mem', 'port', 'kmsg', 'kvm', 'fuse', 'loop-control', 'loop0', 'vda', 'sda', 'nvme0n1', \
        'tty0', 'vsock', 'userfaultfd', 'net/tun', 'console', 'btrfs-control':
    attempt(name, lambda: opens('/dev/' + name, os.O_RDONLY))
refused()
