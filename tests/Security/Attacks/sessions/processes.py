# Looks for processes of a neighbour, and sends them signals that do nothing.
# walls: a PID namespace
from attack import *
for name in [n for n in os.listdir('/proc') if n.isdigit() and int(n) not in (1, os.getpid(), os.getppid())]:
    attempt('process', lambda: os.kill(int(name), 0))
refused()
