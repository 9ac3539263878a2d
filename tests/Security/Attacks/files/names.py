# Makes files with names that no one expects: line breaks, control characters, bytes that are no text, names that look like others.
# canary: names
# walls: names are data: each path that is listed stays in the work directory and can be read, or is left out
from attack import *
os.mkdir('names')
for name in b'line\nbreak', b'\x1b[31mred\x1b[0m', b'bell\x07', b'\xff\xfe', b'trailing ', b'-rf', b'a\\b', \
        b'...', b'%2e%2e%2f', 'ﬁ\u202egpj.exe'.encode(), b'x' * 255:
    with open(b'names/' + name, 'w') as file:
        file.write('of the guest')
print('LIST')
