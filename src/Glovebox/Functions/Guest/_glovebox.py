"""Calls functions of the host. The functions module imports from here."""
import base64
import json
import os
import socket
import struct
import sys
import threading

SOCKET = '@SOCKET@'
MAX_ARGUMENT_SIZE = 0  # @MAX_ARGUMENT_SIZE@


class HostFunctionError(Exception):
    """A function of the host was not run to its end. `code` says in a word why: 'failed', 'not-approved', 'too-many-calls', ..."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class _Connection:
    """One for each thread, kept from call to call."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.connect(SOCKET)
        except OSError as e:
            self.socket.close()
            raise HostFunctionError('unavailable', 'the host cannot be reached: ' + str(e)) from None
        self.answers = self.socket.makefile('rb')

    def exchange(self, request):
        """Gives the status and the body of the answer, or None when there is none."""
        try:
            self.socket.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            # A refusal may have come before all was sent.
            pass
        try:
            header = self.answers.read(5)
            if len(header) < 5:
                return None
            size, status = struct.unpack('<IB', header)
            body = self.answers.read(size)
        except ConnectionResetError:
            return None
        return (status, body) if len(body) == size else None

    def close(self):
        self.answers.close()
        self.socket.close()


_local = threading.local()


def _forget():
    """A child process has connections of its own."""
    global _local
    _local = threading.local()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_forget)


def _exchange(request):
    connection = getattr(_local, 'connection', None)
    _local.connection = None
    kept = connection is not None
    answer = None
    try:
        if kept and connection.socket.fileno() >= 0 and not _is_closed(connection.socket):
            answer = connection.exchange(request)
        else:
            if kept:
                connection.close()
            connection = _Connection()
            answer = connection.exchange(request)
    finally:
        # An interrupted exchange leaves half an answer behind.
        if answer is not None:
            _local.connection = connection
        elif connection is not None:
            connection.close()
    if answer is None:
        raise HostFunctionError('unavailable', 'the connection to the host has ended')
    return answer


def _is_closed(connection):
    """Whether the host has closed a connection that was kept. It never speaks first."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b''
    except BlockingIOError:
        return False
    except OSError:
        return True


def call_json(name, arguments):
    """Calls a function with its arguments as JSON in UTF-8, and gives its result so."""
    if len(arguments) > MAX_ARGUMENT_SIZE:
        raise HostFunctionError('too-large', 'the arguments have %d bytes; %d are allowed' % (len(arguments), MAX_ARGUMENT_SIZE))
    name = name.encode()
    if len(name) > 255:
        raise HostFunctionError('unknown-function', 'there is no such function')
    status, body = _exchange(struct.pack('<IB', 1 + len(name) + len(arguments), len(name)) + name + arguments)
    if status == 0:
        return body
    error = json.loads(body)
    raise HostFunctionError(error['code'], error['message'])


def call(name, arguments):
    text = json.dumps(arguments, default=_plain, ensure_ascii=False, allow_nan=False, separators=(',', ':'))
    return json.loads(call_json(name, text.encode()))


def decode(result):
    return result if result is None else base64.b64decode(result)


def is_served():
    """Whether the host answers: it refuses a call without a name."""
    return _exchange(struct.pack('<IB', 1, 0))[0] != 0


def _plain(value):
    """Gives what JSON has for what it has not."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, (set, frozenset)):
        return list(value)
    if hasattr(value, '__dataclass_fields__'):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    for name in 'isoformat', 'tolist', '__fspath__':
        if hasattr(value, name):
            return getattr(value, name)()
    kind = type(value).__name__
    if kind == 'UUID':
        return str(value)
    if kind == 'Decimal':
        return int(value) if value == value.to_integral_value() else float(value)
    if hasattr(type(value), '__members__'):
        return value.value
    raise TypeError('a %s cannot be sent to a function of the host' % kind)


def _main(arguments):
    if not 1 <= len(arguments) <= 2 or arguments[0].startswith('-'):
        sys.stderr.write("usage: glovebox-call NAME ['{\"json\": \"arguments\"}' | -]\n")
        return 2
    text = arguments[1] if len(arguments) == 2 else '{}'
    data = sys.stdin.buffer.read() if text == '-' else os.fsencode(text)
    try:
        result = call_json(arguments[0], data)
    except HostFunctionError as e:
        sys.stderr.write('glovebox-call: %s: %s\n' % (e.code, e))
        return 1
    # Text is printed as it is, so that it can be used at once; the rest as JSON.
    value = json.loads(result)
    out = value.encode('utf-8', 'surrogatepass') if isinstance(value, str) else result
    sys.stdout.buffer.write(out + b'\n')
    sys.stdout.buffer.flush()
    return 0


if __name__ == '__main__':
    sys.exit(_main(sys.argv[1:]))
