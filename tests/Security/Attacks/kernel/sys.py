# Looks for a file of /sys that can be written.
# canary: root
# walls: not there (bubblewrap); read-only, and not of the guest's user (Docker)
from attack import *
writable('/sys/kernel', '/sys/power', '/sys/module', '/sys/fs', '/sys/firmware', '/sys/block', '/sys/bus')
refused()
