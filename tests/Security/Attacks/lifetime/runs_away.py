# Forks without end: each process lives for a moment and leaves another, so that a list of processes is old when it is read.
# walls: the agent stops all before it ends them; the kernel ends the namespace
from attack import *
def run():
    while True:
        if os.fork():
            os._exit(0)
        os.setsid()
for _ in range(2):
    if os.fork() == 0:
        run()
subprocess.Popen([HOST['mark'], '600'], executable='/bin/sleep')
print('ready', flush=True)
time.sleep(600)
