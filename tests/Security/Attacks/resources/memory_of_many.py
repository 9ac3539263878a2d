# Takes more memory than the policy allows, in eight processes together.
# sandbox: own
# canary: host
# walls: a control group (memory.max)
# not-on: bubblewrap as a plain user: without a control group only each process has a limit, and the capabilities say so
from attack import *
import mmap
def child(ready, go):
    block = mmap.mmap(-1, 32 << 20)
    for at in range(0, len(block), 4096):
        block[at] = 1
    os.write(ready, b'x')
    os.read(go, 1)
    os._exit(0)
def take():
    ready, tell = os.pipe()
    signal.signal(signal.SIGCHLD, lambda *_: os.write(tell, b'!'))
    go, end = os.pipe()
    for _ in range(8):
        process = os.fork()
        if process == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(ready)
            os.close(end)
            child(tell, go)
    done = b''
    while len(done) < 8 and b'!' not in done:
        done += os.read(ready, 8)
    os.close(end)
    return b'!' not in done
attempt('memory', take)
refused()
