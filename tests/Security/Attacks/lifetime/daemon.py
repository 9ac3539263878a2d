# Starts a daemon: a session of its own, a parent that has gone, no descriptor of the block's.
# walls: the agent ends every process of its namespace; the kernel ends the namespace
from attack import *
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open('/dev/null', os.O_RDWR)
        for number in 0, 1, 2:
            os.dup2(null, number)
        os.chdir('/')
        os.execv('/bin/sleep', [HOST['mark'], '600'])
    os._exit(0)
os.wait()
print('ready', flush=True)
time.sleep(600)
