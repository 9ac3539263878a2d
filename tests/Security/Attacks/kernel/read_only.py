# Writes to the system's folders, which it shares with the host, and to the agent's own.
# canary: open
# walls: read-only mounts (bubblewrap); the files are root's
# not-on: Docker as root: the files are the container's own copy; a test of its own looks at the host's and the image's
from attack import *
for path in '/usr/bin/python3', '/usr/bin/env', '/bin/sh', '/etc/passwd', '/etc/ld.so.cache', '/run/glovebox/agent.py':
    attempt(path, lambda: opens(path, os.O_WRONLY))
for folder in '/', '/usr', '/usr/bin', '/usr/lib', '/etc', '/run', '/dev', '/run/glovebox', '/proc':
    attempt(folder, lambda: opens(folder + '/glovebox-attack', os.O_WRONLY | os.O_CREAT))
refused()
