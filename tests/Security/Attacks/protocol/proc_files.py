# Sets the agent's files of /proc, so that the kernel ends it first, say.
# canary: visible-agent
# walls: the agent is not dumpable, so that the files are root's
from attack import *
values = {'oom_score_adj': '1000', 'comm': 'x', 'coredump_filter': '0', 'clear_refs': '1', 'task/1/comm': 'x', 'sched': '0',
          'timerslack_ns': '0', 'mem': 'x', 'attr/current': 'x', 'uid_map': '0 0 1', 'setgroups': 'deny'}
if HOST.get('root'):
    # Root may write these of a process that is root's (Docker as root): the kernel ends this sandbox sooner then, and no more.
    for name in 'oom_score_adj', 'coredump_filter', 'clear_refs', 'sched':
        del values[name]
for name, value in values.items():
    def write():
        with open(f'/proc/1/{name}', 'w') as file:
            file.write(value)
    attempt(name, write)
refused()
