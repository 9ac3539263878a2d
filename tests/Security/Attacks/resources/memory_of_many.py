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
    go, end = os.pipe()
    processes = []
    for _ in range(8):
        process = os.fork()
        if process == 0:
            os.close(ready)
            os.close(end)
            child(tell, go)
        processes.append(process)
    os.close(tell)
    done = 0
    while more := os.read(ready, 8):
        done += len(more)
        if done == 8:
            break
    os.close(end)
    return not any(os.waitpid(process, 0)[1] for process in processes)
attempt('memory', take)
refused()
