"""What the attack programs share. To run one by hand, in a sandbox:
PYTHONPATH=tests/Security/Attacks python3 tests/Security/Attacks/kernel/mount.py

A program prints one line in the end: "refused", with the reason, or "SUCCEEDED", with what it got.
"""
import ctypes
import errno
import json
import os
import platform
import re
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

# What the test knows of the host: names, numbers and ports. The test puts its own in place of this line.
HOST = json.loads(os.environ.get('GLOVEBOX_ATTACK', '{}'))
libc = ctypes.CDLL(None, use_errno=True)
reasons = []


def call(x64, arm64, *arguments):
    """Makes a system call by its number."""
    number = x64 if platform.machine() == 'x86_64' else arm64
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result == -1:
        raise OSError(ctypes.get_errno(), 'refused')
    return result


def succeeded(what):
    print('SUCCEEDED:', what, flush=True)
    os._exit(0)


def refused(why=None):
    print('refused:', why or ', '.join(dict.fromkeys(reasons)) or 'there is nothing to attack', flush=True)
    os._exit(0)


def attempt(name, action):
    """Tries one way. An error refuses it, and so does a result that is False."""
    try:
        result = action()
    except (OSError, ValueError) as e:
        # Python says of a limit that it may not raise that the value is wrong.
        reasons.append(f'{name}: {errno.errorcode.get(getattr(e, "errno", None), type(e).__name__)}')
        return
    if result is None or result is not False:
        succeeded(name)
    reasons.append(f'{name}: nothing')


def value_of_secret():
    """Finds the value of a secret in bytes, and not what a program says of it that looks for it: that has no number behind it."""
    return re.compile(re.escape(HOST['secret_begins'].encode()) + rb'[0-9]')


def opens(path, flags):
    """Opens a path and closes it again: whoever may open it for writing may write, and the attack needs no more."""
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC))


def writable(*roots):
    """Tries to open each file below some folders for writing."""
    def walk(path):
        if os.path.isdir(path) and not os.path.islink(path):
            for folder, folders, names in os.walk(path):
                for name in names:
                    yield os.path.join(folder, name)
        elif os.path.lexists(path):
            yield path
    for root in roots:
        for path in walk(root):
            attempt_quietly(path)
        reasons.append(f'{root}: ' + ('no file can be written' if os.path.lexists(root) else 'not there'))


def attempt_quietly(path):
    try:
        if stat.S_ISREG(os.lstat(path).st_mode):
            opens(path, os.O_WRONLY)
            succeeded(f'{path} can be written')
    except OSError:
        pass
