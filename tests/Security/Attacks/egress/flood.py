# Opens thousands of connections to the proxy and leaves them: some silent, some in the middle of a word, some with tunnels open.
# canary: host
# walls: the agent has 256 at once; the host refuses beyond its limit; all end when they are quiet
from attack import *
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
kept, told = [], 0
for i in range(HOST['flood']):
    try:
        s = socket.create_connection(('127.0.0.1', HOST['proxy']), 20)
        if i % 3:
            s.send((b'GET http://', f'CONNECT {HOST["good"]} HTTP/1.1\r\n\r\n'.encode())[i % 3 - 1])
    except OSError:
        told += 1
        continue
    kept.append(s)
    if len(kept) > HOST['kept']:
        kept.pop(0).close()
print('flooded', told < HOST['flood'], flush=True)
