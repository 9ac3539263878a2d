# Types into a terminal: its own, where there is one, and one that it makes.
# canary: unfiltered
# walls: a session without a terminal; the system-call filter
from attack import *
import fcntl, pty, termios
for descriptor in 0, 1, 2:
    attempt(f'descriptor {descriptor}', lambda: fcntl.ioctl(descriptor, termios.TIOCSTI, b'x'))
attempt('/dev/tty', lambda: fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), termios.TIOCSTI, b'x'))
process, terminal = pty.fork()
if process == 0:
    try:
        fcntl.ioctl(0, termios.TIOCSTI, b'x')
    except OSError as e:
        os._exit(e.errno)
    os._exit(0)
code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
if code == 0:
    succeeded('a terminal of its own')
reasons.append(f'a terminal of its own: {errno.errorcode[code]}')
refused()
