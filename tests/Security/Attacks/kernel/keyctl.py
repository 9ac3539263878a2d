# Uses the kernel's keyrings, which are in no namespace.
# canary: unfiltered
# walls: the system-call filter
from attack import *
attempt('add_key', lambda: call(248, 217, b'user', b'glovebox-attack', b'x', 1, -2))
attempt('keyctl', lambda: call(250, 219, 0, -3, 1))
refused()
