# Takes the agent's channel by pidfd_getfd.
# canary: visible-agent
# walls: the agent is not dumpable, or another user's; the system-call filter
from attack import *
agent = os.pidfd_open(1)
for number in range(16):
    attempt('pidfd_getfd', lambda: call(438, 438, agent, number, 0))
refused()
