# Starts processes that are stopped, so that they handle no signal but one.
# walls: the agent ends every process of its namespace; the kernel ends the namespace
from attack import *
for _ in range(3):
    child = subprocess.Popen([HOST['mark'], '600'], executable='/bin/sleep', start_new_session=True)
    os.kill(child.pid, signal.SIGSTOP)
print('ready', flush=True)
time.sleep(600)
