# Asks the proxy for an address of the host in all its spellings: by a request, by a tunnel, by SOCKS.
# canary: listed
# walls: names are read in one way alone; addresses that no rule names are refused; the address that was checked is connected to
from attack import *
number = int.from_bytes(socket.inet_aton(HOST['address']), 'big')
a, b, c, d = socket.inet_aton(HOST['address'])
spellings = [HOST['address'], HOST['address'] + '.', str(number), hex(number), f'0{number:o}', f'{a}.{number & 0xffffff}', f'{a:#x}.{b}.{c}.{d}',
             f'0{a:o}.{b}.{c}.{d}', f'[::ffff:{HOST["address"]}]', f'[::ffff:{number >> 16:x}:{number & 0xffff:x}]', f'[::{HOST["address"]}]',
             f'[64:ff9b::{number >> 16:x}:{number & 0xffff:x}]', f'good.test@{HOST["address"]}', f'{HOST["address"]}#good.test', 'localhost', 'ip6-localhost']
def proxy(data):
    with socket.create_connection(('127.0.0.1', 3128), 20) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        answer = b''
        while piece := s.recv(65536):
            answer += piece
        return answer
for host in spellings:
    place = f'{host}:{HOST["server"]}'
    attempt(f'request {host}', lambda: proxy(f'GET http://{place}/ HTTP/1.1\r\nHost: {place}\r\n\r\n'.encode()).startswith(b'HTTP/1.1 200'))
    attempt(f'tunnel {host}', lambda: proxy(f'CONNECT {place} HTTP/1.1\r\n\r\n'.encode()).startswith(b'HTTP/1.1 200'))
    name = host.encode()
    port = HOST['server'].to_bytes(2, 'big')
    attempt(f'SOCKS {host}', lambda: proxy(b'\5\1\0\5\1\0\3' + bytes([len(name)]) + name + port)[3:4] == b'\0')
attempt('SOCKS by number', lambda: proxy(b'\5\1\0\5\1\0\1' + socket.inet_aton(HOST['address']) + HOST['server'].to_bytes(2, 'big'))[3:4] == b'\0')
refused()
