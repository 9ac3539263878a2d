# The neighbour: leaves what can be found, and a process that stays.
from attack import *
mark = HOST['mark']
for folder in '/workspace', '/tmp', '/dev/shm':
    with open(f'{folder}/{mark}', 'w') as file:
        file.write(mark)
    os.chmod(f'{folder}/{mark}', 0o666)
libc.shmget(HOST['key'], 4096, 0o1666)
libc.semget(HOST['key'], 1, 0o1666)
libc.msgget(HOST['key'], 0o1666)
# A small one: the bytes of a guest's queues are bounded, and one of the default size is more than that.
call(240, 180, mark.encode(), os.O_CREAT | os.O_RDWR, 0o666, (ctypes.c_long * 8)(0, 1, 64))
listener = socket.socket(socket.AF_UNIX)
listener.bind('\0' + mark)
listener.listen()
port = socket.create_server(('127.0.0.1', HOST['guest_port']))
if os.fork() == 0:
    os.setsid()
    for number in 0, 1, 2:
        os.close(number)
    while True:
        time.sleep(600)
print('planted', flush=True)
os._exit(0)
