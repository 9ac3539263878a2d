_PRISTINE = dict(globals())
# The guest agent of Glovebox: the first process of an isolated environment. It is written in parts that are joined into one file. No
# docstring, and the names above first: a script that is run in a fork of this interpreter starts from what a fresh __main__ holds, and
# from nothing of the agent.
import sys
_STARTUP_MODULES = frozenset(sys.modules)
import os
import ctypes
import errno
import fcntl
import gc
import itertools
import marshal
import resource
import select
import stat
import struct

# The modules that wrap these add nothing that we need, and take longer to import than all of the above.
import _functools as functools
import _signal as signal
import _socket as socket
import _weakref

# A fresh interpreter has none of the modules that only we use, and nothing is imported from where we are. What is preloaded gets modules
# that it shares with the scripts, and a place is kept on the path for the folder of the script.
OUR_MODULES = set(sys.modules) - _STARTUP_MODULES
for _name in OUR_MODULES:
    del sys.modules[_name]
OUR_MODULES.add('__main__')
HAS_SCRIPT_FOLDER = not getattr(sys.flags, 'safe_path', False)
SCRIPT_FOLDER = os.devnull
if HAS_SCRIPT_FOLDER:
    sys.path[0] = SCRIPT_FOLDER

VERSION = 10
LIBC = ctypes.CDLL(None, use_errno=True)
PROGRAM = sys._getframe().f_code
MAX_FRAME = 1 << 20
CHUNK = 64 << 10
# How much is read of the host's frames at a time.
READ_SIZE = 256 << 10

# Frames from the host, and to it; GuestFrameType on the host's side has the same numbers.
CONFIGURE, RUN, KILL, SEAL, LIST, OPEN_READ, READ, OPEN_WRITE, WRITE, COMMIT, CLOSE, DELETE = range(1, 13)
FUNCTIONS, LISTEN, UNLISTEN, SWEEP, SIGNAL, RESIZE = range(20, 26)
HELLO, STDOUT, STDERR, EXIT, REPLY = range(32, 37)

# The frames of a stream, which are the same in both directions.
STREAM_OPEN, STREAM_DATA, STREAM_CREDIT, STREAM_END, STREAM_RESET = range(48, 53)

# How a run ended, and what came of a request.
EXITED, SIGNALED, KILLED, NOT_FOUND, NOT_STARTED, OUT_OF_MEMORY = range(6)
DONE, MORE, REFUSED, MISSING, FAILED = range(5)

# What a run is: a part of the set-up, a server or a process in the background, which the ends of other runs leave alive; and what comes with
# it: a file that is to be saved first, a list of the files when it has ended by itself, a stream that is its standard input.
RUN_SETUP, RUN_SERVICE, RUN_SAVES, RUN_LISTS, RUN_BACKGROUND, RUN_INPUT = 1, 2, 4, 8, 16, 32


class Protocol(Exception):
    """The host sent what it never sends."""


class Disconnected(Exception):
    """The host is gone."""


def accept(listener):
    fd, _ = listener._accept()
    return socket.socket(fileno=fd)


class Reader:
    """Takes the fields of a frame apart."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def bytes(self):
        size = self.number('<I')
        if size > len(self.data) - self.at:
            raise Protocol('a field is longer than its frame')
        self.at += size
        return bytes(self.data[self.at - size:self.at])

    def text(self):
        return os.fsdecode(self.bytes())

    def texts(self):
        return [self.text() for _ in range(self.number('<I'))]

    def rest(self):
        return self.data[self.at:]


def field(data):
    return struct.pack('<I', len(data)) + data


def fields(texts):
    return b''.join(field(os.fsencode(text)) for text in texts)


def text_field(value):
    return field(value.encode('utf-8', 'backslashreplace'))


class Channel:
    """The frames that come from the host and go to it."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.pending = bytearray()

    def send(self, kind, number, payload):
        data = memoryview(struct.pack('<IBI', 5 + len(payload), kind, number) + payload)
        try:
            while data:
                data = data[os.write(self.target, data):]
        except (BrokenPipeError, ConnectionResetError):
            raise Disconnected() from None

    def receive(self):
        """Gives the frames that have arrived whole."""
        try:
            data = os.read(self.source, READ_SIZE)
        except ConnectionResetError:
            data = b''
        if not data:
            raise Disconnected()
        self.pending += data
        while len(self.pending) >= 4:
            (size,) = struct.unpack_from('<I', self.pending)
            if not 5 <= size <= MAX_FRAME:
                raise Protocol('a frame of %d bytes' % size)
            if len(self.pending) < 4 + size:
                return
            kind, number = struct.unpack_from('<BI', self.pending, 4)
            with memoryview(self.pending) as pending:
                frame = Reader(bytes(pending[9:4 + size]))
            del self.pending[:4 + size]
            yield kind, number, frame

    def close(self):
        os.close(self.source)
        if self.target != self.source:
            os.close(self.target)
