# Takes the processor and the limits from the agent.
# canary: visible-agent
# walls: the system-call filter; another user's (Docker)
from attack import *
attempt('prlimit', lambda: call(302, 261, 1, 7, (ctypes.c_ulong * 2)(3, 20000), 0))
attempt('setpriority', lambda: os.setpriority(os.PRIO_PROCESS, 1, 5))
attempt('ioprio_set', lambda: call(251, 30, 1, 1, 3 << 13))
attempt('affinity', lambda: os.sched_setaffinity(1, {min(os.sched_getaffinity(0))}))
attempt('scheduler', lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)))
refused()
