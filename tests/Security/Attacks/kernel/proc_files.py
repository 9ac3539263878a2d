# Looks for other files of /proc that change the machine: magic keys, interrupts, buses, file systems.
# canary: root
# walls: the guest's host uid is never 0; read-only mounts
from attack import *
writable('/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/fs', '/proc/acpi', '/proc/scsi', '/proc/mtrr', '/proc/timer_list',
         '/proc/sched_debug', '/proc/dynamic_debug', '/proc/profile', '/proc/lock_stat')
refused()
