# Opens so many files in one process that 256 of them would use up the machine's.
# sandbox: own
# canary: few
# walls: RLIMIT_NOFILE
from attack import *
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
def take():
    for _ in range(HOST['descriptors']):
        os.open('/dev/null', os.O_RDONLY)
attempt('open', take)
refused()
