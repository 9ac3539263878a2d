# Reads the passwords of the host's users.
# canary: root
# walls: the file is not there; the guest's uid has no right to it
from attack import *
import hashlib
# The root of a container reads the image's: those are no passwords of the host's.
def reads(path):
    text = open(path, 'rb').read()
    return hashlib.sha256(text).hexdigest() in HOST['shadow'] if HOST.get('root') else text != b''
for path in '/etc/shadow', '/etc/gshadow', '/etc/shadow-', '/proc/1/root/etc/shadow':
    attempt(path, lambda: reads(path))
refused()
