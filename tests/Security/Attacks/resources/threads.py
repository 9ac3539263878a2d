# Starts 400 threads at once.
# sandbox: own
# canary: large
# walls: a control group (pids.max); RLIMIT_NPROC for a plain user
from attack import *
import threading
end = threading.Event()
threading.stack_size(65536)
def start():
    for _ in range(400):
        try:
            threading.Thread(target=end.wait, daemon=True).start()
        except RuntimeError as e:
            raise OSError(errno.EAGAIN, 'refused') from e
attempt('thread', start)
refused()
