# Opens 30,000 files in one process.
# sandbox: own
# canary: descriptors
# walls: RLIMIT_NOFILE
from attack import *
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
attempt('more than the hard limit', lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (30_000, 30_000)) if hard < 30_000 else False)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
def take():
    for _ in range(30_000):
        os.open('/dev/null', os.O_RDONLY)
attempt('open', take)
refused()
