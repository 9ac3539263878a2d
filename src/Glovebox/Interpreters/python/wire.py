# Keeps interpreters that live from block to block: the contexts of an interpreter executor. It runs in the sandbox with the guest's
# rights and has nothing that guest code may not have. Written in parts that are joined into one program, which has its own copy of the
# builtins, so that guest code that changes those does not change it.
import _thread
import array
import ast
import base64
import errno
import fcntl
import gc
import json
import linecache
import os
import re
import resource
import select
import signal
import socket
import struct
import sys
import time
import traceback

MAX_FRAME = 64 << 20
CHUNK = 64 << 10

# Frames from the host; InterpreterFrame on the host's side has the same numbers. The number of a frame is that of its context.
CREATE, EXECUTE, INTERRUPT, KILL, ROLL_BACK, BRANCH, CLOSE, PROCESSES = range(1, 9)
# Frames to the host. SHOW, CLEAR, DROPPED and DONE come from interpreters and are passed on.
HELLO, STDOUT, STDERR, SHOW, CLEAR, DONE, ENDED, REPLY, DROPPED = range(32, 41)
# Between the supervisor and an interpreter alone: make a copy that is kept, make one for another context; a copy was made, or is about to
# be; what was shown has its place among what was printed.
KEEP, COPY, COPIED, COPYING, SHOWN = range(64, 69)

# Where an interpreter has its end of the connection to the supervisor.
CONTROL = 3


class Closed(Exception):
    """The other side has gone, or says what it never says."""


class Channel:
    """Frames over a stream socket, some with descriptors."""

    def __init__(self, connection, waits=False):
        self.connection = connection
        # One who serves many does not wait for one: what was told of a descriptor may have been of one that is closed by now.
        self.flags = socket.MSG_CMSG_CLOEXEC | (0 if waits else socket.MSG_DONTWAIT)
        self.pending = bytearray()
        self.descriptors = []
        # Threads of a block may show something at the same time. A signal's handler that does so must not wait for its own thread.
        self.sending = _thread.RLock()

    def send(self, kind, number, payload=b'', descriptors=()):
        data = struct.pack('<IBI', 5 + len(payload), kind, number) + payload
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', descriptors))] if descriptors else []
        try:
            with self.sending:
                sent = self.connection.sendmsg([data], extra)
                if sent < len(data):
                    self.connection.sendall(memoryview(data)[sent:])
        except OSError as e:
            raise Closed() from e

    def send_json(self, kind, number, value, descriptors=()):
        self.send(kind, number, encoded_json(value), descriptors)

    def receive(self):
        """Takes what has come, and gives the frames that are whole by then."""
        try:
            data, extra, _, _ = self.connection.recvmsg(CHUNK, socket.CMSG_SPACE(4 * 4), self.flags)
        except BlockingIOError:
            return
        except OSError as e:
            raise Closed() from e
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array('i')
                received.frombytes(content[:len(content) - len(content) % received.itemsize])
                self.descriptors += received
        if not data:
            raise Closed()
        self.pending += data
        yield from self.whole_frames()

    def whole_frames(self):
        while len(self.pending) >= 9:
            size, kind, number = struct.unpack_from('<IBI', self.pending)
            if not 5 <= size <= MAX_FRAME:
                raise Closed()
            if len(self.pending) < 4 + size:
                return
            payload = bytes(self.pending[9:4 + size])
            del self.pending[:4 + size]
            yield kind, number, payload

    def receive_one(self):
        """Waits for one frame; what came with it stays for the next time."""
        for frame in self.whole_frames():
            return frame
        while True:
            for frame in self.receive():
                return frame

    def take_descriptors(self):
        taken, self.descriptors = self.descriptors, []
        return taken

    def close(self):
        for fd in self.take_descriptors():
            os.close(fd)
        self.connection.close()


def memory_file(name):
    """A file that no path leads to."""
    try:
        return os.memfd_create(name)
    except (AttributeError, OSError):
        # Pythons that were built for an old C library do not have it, and some kernels neither.
        import tempfile
        file, path = tempfile.mkstemp()
        os.unlink(path)
        return file


def encoded_json(value):
    return json.dumps(value).encode('utf-8', 'backslashreplace')


def now():
    return time.monotonic()
