# Leaves a program behind that has capabilities of its own.
# canary: root
# walls: no capability (CAP_SETFCAP)
from attack import *
name = f'capable-{os.getpid()}'
open(name, 'w').close()
value = struct.pack('<IIIII', 0x02000001, 0xffffffff, 0, 0xff, 0)
attempt('setxattr', lambda: os.setxattr(name, 'security.capability', value))
attempt('trusted', lambda: os.setxattr(name, 'trusted.glovebox', b'x'))
os.unlink(name)
refused()
