# Opens the agent's descriptors, its channel among them.
# canary: visible-agent
# walls: the agent is not dumpable (bubblewrap); it is another user's (Docker)
from attack import *
# Root may list the numbers of a process that is root's (Docker as root). They lead nowhere.
for folder in '/proc/1/fd', '/proc/1/fdinfo', '/proc/1/map_files', '/proc/1/task/1/fd':
    if not HOST.get('root') or not folder.endswith('/fd'):
        attempt(folder, lambda: len(os.listdir(folder)) > 0)
for number in range(256):
    attempt(f'link {number}', lambda: os.readlink(f'/proc/1/fd/{number}'))
    attempt(f'/proc/1/fd/{number}', lambda: opens(f'/proc/1/fd/{number}', os.O_WRONLY))
refused()
