# Stops and ends the agent with signals.
# canary: mortal-agent
# walls: the first process of a namespace is immune to signals from inside; it is another user's (Docker)
from attack import *
agent = HOST.get('agent') or 1
for number in signal.SIGSTOP, signal.SIGTSTP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, \
        signal.SIGSEGV, signal.SIGUSR1, signal.SIGPIPE, signal.SIGKILL:
    try:
        os.kill(agent, number)
        reasons.append('the agent is as it was')
    except OSError as e:
        reasons.append(errno.errorcode[e.errno])
refused()
