"""What the programs of this folder share: a client of the socket for calls that says what it likes."""
import _glovebox
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(_glovebox.SOCKET)
    return s
def request(name, arguments, size=None):
    body = bytes([len(name)]) + name + arguments
    return struct.pack('<I', len(body) if size is None else size) + body
def answer(s):
    def read(n):
        data = b''
        while len(data) < n:
            more = s.recv(n - len(data))
            if not more:
                return None
            data += more
        return data
    header = read(5)
    if header is None:
        return 'closed'
    size, status = struct.unpack('<IB', header)
    body = json.loads(read(size))
    return body if status == 0 else body['code']
def works():
    with connect() as s:
        s.sendall(request(b'add', b'{"a":1,"b":2}'))
        return answer(s) == 3
