# Traces the agent.
# canary: visible-agent
# walls: the agent is not dumpable, or another user's; the system-call filter
from attack import *
attempt('seize', lambda: call(101, 117, 0x4206, 1, 0, 0))
attempt('attach', lambda: call(101, 117, 16, 1, 0, 0))
refused()
