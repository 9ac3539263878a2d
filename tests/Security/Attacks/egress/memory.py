# Looks for the value of a secret in the memory of processes.
# canary: variable
# walls: the value stays on the host
from attack import *
import glob
sought = value_of_secret()
child = subprocess.Popen(['sleep', '60'])
def holds(process):
    with open(process + '/maps') as maps, open(process + '/mem', 'rb', 0) as memory:
        for line in maps:
            start, end = (int(a, 16) for a in line.split()[0].split('-'))
            try:
                memory.seek(start)
                if sought.search(memory.read(end - start)):
                    return True
            except (OSError, ValueError, OverflowError):
                continue
    return False
try:
    for process in glob.glob('/proc/[0-9]*'):
        attempt(process, lambda: holds(process))
finally:
    child.kill()
refused()
