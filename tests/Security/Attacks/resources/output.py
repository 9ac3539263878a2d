# Prints 20 MB.
# sandbox: own
# canary: large
# walls: the executor keeps the head and the tail
from attack import *
line = 'x' * 999 + '\n'
for _ in range(20_000):
    sys.stdout.write(line)
print('OUTPUT')
