# Ignores every signal that can be ignored, in children, too.
# walls: the agent kills with the signal that cannot be ignored; the kernel ends the namespace
from attack import *
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
for _ in range(3):
    subprocess.Popen([HOST['mark'], '600'], executable='/bin/sleep', restore_signals=False)
print('ready', flush=True)
time.sleep(600)
