# Reaches the files of a sandbox for the host, with the rights of guest code and no others: where a link leads, guest code may go, too.
# Serves one operation for each connection at a socket that only its user reaches. Written in parts that are joined into one program.
import base64
import ctypes
import errno
import json
import os
import select
import socket
import stat
import struct
import sys
import threading

# GuestFiles on the host's side has the same numbers.
GREETING = {'files': 1}
MAX_LINE = 64 << 10
CHUNK = 64 << 10
FAILURE = 0xFFFFFFFF
# The host has at most 128; some that it has closed may still be ending.
MAX_CONNECTIONS = 160

LIBC = ctypes.CDLL(None, use_errno=True)


class Gone(Exception):
    """The host has gone, or wants no more."""


class Refused(Exception):
    """What is asked for is not done; the host knows the word."""


class Connection:
    """Lines of JSON, and pieces of content with their lengths before them."""

    def __init__(self, connection):
        self.socket = connection
        self.reader = connection.makefile('rb', CHUNK + 4)

    def receive(self):
        line = self.reader.readline(MAX_LINE)
        if not line.endswith(b'\n'):
            raise Gone()
        return json.loads(line)

    def send(self, message):
        self.send_all(json.dumps(message).encode() + b'\n')

    def send_all(self, *parts):
        try:
            sent = self.socket.sendmsg(parts)
            if sent < sum(map(len, parts)):
                self.socket.sendall(memoryview(b''.join(parts))[sent:])
        except OSError:
            raise Gone() from None

    def pieces(self):
        """The content that the host sends. Without an end it is not whole, and the host wants nothing of it."""
        while True:
            length, = struct.unpack('<I', self.exactly(4))
            if length == 0:
                return
            if length > CHUNK:
                raise Gone()
            yield self.exactly(length)

    def exactly(self, count):
        try:
            data = self.reader.read(count)
        except OSError:
            raise Gone() from None
        if len(data) < count:
            raise Gone()
        return data

    def send_piece(self, data):
        self.send_all(struct.pack('<I', len(data)), data)

    def check(self):
        """Ends what takes long when the host has gone."""
        try:
            if self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b'':
                raise Gone()
        except BlockingIOError:
            pass
        except OSError:
            raise Gone() from None

    def drain(self):
        """Takes what the host still sends, so that it reads the answer before the end."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            while self.socket.recv(CHUNK):
                pass
        except OSError:
            pass

    def close(self):
        self.reader.close()
        self.socket.close()


def word(error):
    """The word by which the host knows an error."""
    if isinstance(error, Refused):
        return error.args[0]
    if isinstance(error, RecursionError):
        return 'ELOOP'
    if isinstance(error, MemoryError):
        return 'ENOMEM'
    return errno.errorcode.get(getattr(error, 'errno', None) or errno.EINVAL, 'EINVAL')


def text(data):
    return base64.b64encode(data).decode()
