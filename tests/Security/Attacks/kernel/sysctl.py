# Looks for a setting of the kernel that can be written.
# canary: unwalled
# walls: the guest's host uid is never 0; /proc/sys is read-only
from attack import *
writable('/proc/sys')
refused()
