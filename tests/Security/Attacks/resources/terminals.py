# Opens so many pseudo-terminals that the host has none left.
# sandbox: own
# canary: few
# walls: the kernel keeps some for the host (kernel.pty.reserve)
from attack import *
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = []
def take():
    while len(held) < HOST['terminals']:
        held.append(os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY))
attempt('terminal', take)
refused(f'{len(held)} terminals, ' + ', '.join(reasons))
