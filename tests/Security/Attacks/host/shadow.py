# Reads the passwords of the host's users.
# canary: root
# walls: the file is not there; the guest's uid has no right to it
from attack import *
for path in '/etc/shadow', '/etc/gshadow', '/etc/shadow-', '/proc/1/root/etc/shadow':
    attempt(path, lambda: open(path).read() != '')
refused()
