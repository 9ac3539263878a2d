# Takes the place of the proxy, at which other programs inside would then ask: binds beside it, ends it, and shuts it down.
# canary: free-port
# walls: the agent's socket is there first and does not share its port; guest code reaches no other program's descriptors
from attack import *
def take(address, *options):
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
    for option in options:
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind((address, HOST['proxy']))
    s.listen()
    # It has to be the one who gets the connection.
    s.settimeout(2)
    client = socket.create_connection(('127.0.0.1', HOST['proxy']), 2)
    s.accept()
    client.close()
for address in '127.0.0.1', '0.0.0.0', '::', '::ffff:127.0.0.1':
    for options in (), (socket.SO_REUSEADDR,), (socket.SO_REUSEPORT,), (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        attempt(address, lambda: take(address, *options))
for process in os.listdir('/proc'):
    if process.isdigit() and int(process) not in (os.getpid(), os.getppid()):
        try:
            if 'agent' in open(f'/proc/{process}/cmdline').read():
                for name in os.listdir(f'/proc/{process}/fd'):
                    attempt('descriptor', lambda: socket.socket(fileno=call(438, 438, os.pidfd_open(int(process)), int(name), 0)).listen())
        except OSError:
            pass
refused()
