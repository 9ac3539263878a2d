"""Records messages of a real kernel, as a Jupyter server sends them over a WebSocket: record-kernel.py FOLDER, where jupyter-server is."""
import json
import sys

from jupyter_client.manager import start_new_kernel

try:
    from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
except ImportError:
    from jupyter_server.base.zmqhandlers import serialize_msg_to_ws_v1

CODE = """
import sys
print('hello'); print('ä', file=sys.stderr)
from IPython.display import HTML, clear_output, display
handle = display(HTML('<b>x</b>'), display_id=True); handle.update(HTML('<i>y</i>'))
clear_output(wait=True)
6 * 7
"""

folder = sys.argv[1]
manager, client = start_new_kernel()
count = 0


def save(channel, message):
    global count
    # The parent is the one that the fuzzer listens for.
    message = dict(message, channel=channel, buffers=[], parent_header=dict(message['parent_header'], msg_id='1234'))
    text = json.dumps(message, default=str).encode()
    pack = lambda part: json.dumps(part, default=str).encode()
    parts = serialize_msg_to_ws_v1(message, channel, pack)
    parts = parts if isinstance(parts, bytes) else b''.join(bytes(part) for part in parts)
    for kind, data in (('text', text), ('parts', parts)):
        with open('%s/kernel-%s-%02d-%s.bin' % (folder, kind, count, message['header']['msg_type']), 'wb') as file:
            file.write(data)
    count += 1


for code in CODE, 'raise ValueError("x")':
    client.execute(code)
    reply = client.get_shell_msg(timeout=30)
    while reply['header']['msg_type'] != 'execute_reply':
        reply = client.get_shell_msg(timeout=30)
    save('shell', reply)
    while True:
        message = client.get_iopub_msg(timeout=30)
        save('iopub', message)
        if message['header']['msg_type'] == 'status' and message['content']['execution_state'] == 'idle':
            break
client.stop_channels()
manager.shutdown_kernel(now=True)
