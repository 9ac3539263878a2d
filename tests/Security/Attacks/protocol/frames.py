# Speaks for the agent: writes the frame that ends a block, exit code 77, wherever it can.
# canary: visible-agent
# walls: guest code holds no descriptor of the channel; the agent's cannot be opened, nor taken by pidfd_getfd
from attack import *
frames = b''.join(struct.pack('<IBIBiI', 14, 35, number, 0, 77, 0) for number in range(1, 200))
for folder in '/proc/1/fd', '/proc/self/fd', '/dev/fd':
    for name in range(512):
        try:
            descriptor = os.open(f'{folder}/{name}', os.O_WRONLY | os.O_NONBLOCK)
            os.write(descriptor, frames)
            os.close(descriptor)
        except OSError as e:
            reasons.append(f'{folder}: {errno.errorcode[e.errno]}')
for descriptor in range(3, 512):
    try:
        os.write(descriptor, frames)
    except OSError:
        pass
agent = os.pidfd_open(1)
for descriptor in range(512):
    try:
        os.write(call(438, 438, agent, descriptor, 0), frames)
    except OSError as e:
        reasons.append(f'pidfd_getfd: {errno.errorcode[e.errno]}')
print()
refused()
