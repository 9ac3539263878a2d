# Sets the program that the kernel runs, as the host's root, when a process crashes: to what it is.
# canary: unwalled
# walls: the guest's host uid is never 0; /proc/sys is read-only
from attack import *
path = '/proc/sys/kernel/core_pattern'
old = open(path).read()
def write():
    with open(path, 'r+') as file:
        file.write(old)
attempt('core_pattern', write)
refused()
