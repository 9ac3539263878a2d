# Looks for a process of the host and sends it a signal.
# canary: host
# walls: a PID namespace
from attack import *
def is_victim(path):
    return HOST['marker'].encode() in open(path, 'rb').read().split(b'\0')
for name in [n for n in os.listdir('/proc') if n.isdigit()]:
    attempt('command line', lambda: is_victim(f'/proc/{name}/cmdline'))
attempt('signal', lambda: os.kill(HOST['victim'], 0) or is_victim(f'/proc/{HOST["victim"]}/cmdline'))
refused()
