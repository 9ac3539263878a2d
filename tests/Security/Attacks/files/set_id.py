# Leaves a program behind that runs as its owner, or as its group.
# canary: unfiltered
# walls: the system-call filter refuses the bits
from attack import *
bits = stat.S_ISUID | stat.S_ISGID
name = f'set-id-{os.getpid()}'
def kept(path):
    return os.stat(path).st_mode & bits != 0
def on_file(action):
    with open(name, 'w') as file:
        file.write('#!/bin/sh\n')
    try:
        action()
        return kept(name)
    finally:
        os.unlink(name)
def made(action):
    try:
        action()
        return kept(name)
    finally:
        if os.path.isdir(name):
            os.rmdir(name)
        elif os.path.lexists(name):
            os.unlink(name)
def fchmod():
    with open(name) as file:
        os.fchmod(file.fileno(), 0o6755)
def openat2():
    os.close(call(437, 437, -100, name.encode(), struct.pack('<QQQ', os.O_CREAT | os.O_WRONLY, 0o4755, 0), 24))
attempt('chmod', lambda: on_file(lambda: os.chmod(name, 0o4755)))
attempt('chmod of the group', lambda: on_file(lambda: os.chmod(name, 0o2755)))
attempt('fchmod', lambda: on_file(fchmod))
attempt('fchmodat', lambda: on_file(lambda: call(268, 53, -100, name.encode(), 0o4755)))
attempt('fchmodat2', lambda: on_file(lambda: call(452, 452, -100, name.encode(), 0o4755, 0)))
attempt('open', lambda: made(lambda: os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o4755))))
attempt('openat', lambda: made(lambda: os.close(call(257, 56, -100, name.encode(), os.O_CREAT | os.O_WRONLY, 0o4755))))
attempt('openat2', lambda: made(openat2))
attempt('mknod', lambda: made(lambda: os.mknod(name, stat.S_IFREG | 0o4755)))
attempt('mkfifo', lambda: made(lambda: os.mkfifo(name, 0o4755)))
attempt('mkdir', lambda: made(lambda: os.mkdir(name, 0o2755)))
if platform.machine() == 'x86_64':
    attempt('creat', lambda: made(lambda: os.close(call(85, 85, name.encode(), 0o4755))))
attempt('unnamed file', lambda: kept(f'/proc/self/fd/{os.open(".", os.O_TMPFILE | os.O_RDWR, 0o4755)}'))
refused()
