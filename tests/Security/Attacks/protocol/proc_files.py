# Sets the agent's files of /proc, so that the kernel ends it first, say.
# canary: visible-agent
# walls: the agent is not dumpable, so that the files are root's
from attack import *
for name, value in {'oom_score_adj': '1000', 'comm': 'x', 'coredump_filter': '0', 'clear_refs': '1', 'task/1/comm': 'x', 'sched': '0', 'timerslack_ns': '0'}.items():
    def write():
        with open(f'/proc/1/{name}', 'w') as file:
            file.write(value)
    attempt(name, write)
refused()
