# Looks for a capability, and for a way to new privileges.
# canary: open
# walls: all capabilities dropped; no new privileges
from attack import *
status = dict(line.rstrip('\n').split(':\t', 1) for line in open('/proc/self/status') if ':\t' in line)
for name in 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb':
    attempt(name, lambda: int(status[name], 16) != 0)
attempt('new privileges', lambda: status['NoNewPrivs'].strip() != '1')
refused()
