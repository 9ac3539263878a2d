# Gives a file of the host a name in the work directory.
# canary: host
# walls: the file is not there; a link does not pass a mount
from attack import *
for path in HOST['file'], '/etc/passwd', '/usr/bin/env', '/run/glovebox/agent.py':
    name = f'hard-{os.getpid()}'
    def link():
        os.link(path, name)
        os.unlink(name)
    attempt(path, link)
refused()
