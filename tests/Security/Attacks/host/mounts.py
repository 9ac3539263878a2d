# Looks for mounts of the host, and for its mount namespace.
# canary: host
# walls: a mount namespace; pivot_root leaves nothing of the old one
from attack import *
attempt('namespace', lambda: os.readlink('/proc/self/ns/mnt') == HOST['mnt'])
attempt('old root', lambda: '/oldroot' in open('/proc/self/mountinfo').read())
refused()
