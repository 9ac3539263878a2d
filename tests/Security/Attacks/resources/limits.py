# Raises its own limits and priority.
# canary: root
# walls: no capability (CAP_SYS_RESOURCE, CAP_SYS_NICE)
from attack import *
for name in 'RLIMIT_NPROC', 'RLIMIT_NOFILE', 'RLIMIT_CORE', 'RLIMIT_AS', 'RLIMIT_MEMLOCK', 'RLIMIT_MSGQUEUE', 'RLIMIT_RTPRIO':
    kind = getattr(resource, name, {'RLIMIT_MSGQUEUE': 12, 'RLIMIT_RTPRIO': 14}.get(name))
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        attempt(name, lambda: resource.setrlimit(kind, (hard + 1, hard + 1)))
attempt('priority', lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))
attempt('real time', lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
refused()
