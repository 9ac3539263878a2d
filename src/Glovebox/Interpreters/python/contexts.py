class Failure(Exception):
    """What was asked for cannot be done; says why."""


class Context:
    """What the contexts of all languages have: two pipes for what they print, a block that runs, copies from before, and an end."""

    def __init__(self, supervisor, number):
        self.supervisor, self.number = supervisor, number
        self.pipes = {}
        self.outputs = []
        for kind in (STDOUT, STDERR):
            reader, writer = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(reader, False)
            self.pipes[reader] = kind
            self.outputs.append(writer)
            supervisor.watch(reader, self.read)
        # 0: there is no interpreter, and the next block or branch starts one.
        self.pid = 0
        # Whether a block runs, when it began, and how many have ended.
        self.busy, self.began, self.blocks = False, 0, 0
        # Whether what the block has started is to end with it.
        self.ends = False
        # What it was made of, once it has been, and copies from after blocks, the oldest first.
        self.order, self.copies = {}, []

    def check(self, order):
        """Whether its directory is there, and can be entered."""
        directory = order.get('directory')
        if directory is not None and not os.access(os.path.join(self.supervisor.settings['work'], directory, '.'), os.X_OK):
            raise Failure('its directory %s is missing, or cannot be entered' % directory)

    def read(self, fd):
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return
        if data:
            self.supervisor.host.send(self.pipes[fd], self.number, data)

    def drain(self):
        """Passes on what was printed before now: no more than a pipe holds; the rest comes from what runs on."""
        for fd, kind in self.pipes.items():
            left = fcntl.fcntl(fd, 1032)  # F_GETPIPE_SZ
            try:
                while left > 0:
                    data = os.read(fd, min(left, CHUNK))
                    self.supervisor.host.send(kind, self.number, data)
                    left -= len(data)
            except BlockingIOError:
                pass

    def done(self, result):
        """The block has ended. Tells whether the interpreter goes on."""
        self.drain()
        self.busy = False
        if self.ends:
            self.ends = False
            if not self.supervisor.tree.end(self.number, self.began, 0):
                # What it has started multiplies faster than it is ended, unless the interpreter's whole group ends.
                self.busy, self.blocks = True, self.blocks - 1
                self.end_with(137, True)
                return False
        self.supervisor.host.send_json(DONE, self.number, result)
        return True

    def execute(self, payload):
        self.busy, self.began = True, ticks_now()
        try:
            self.revive()
        except OSError as e:
            said = 'No interpreter can be started: %s\n' % e.strerror
            self.supervisor.host.send(STDERR, self.number, said.encode('utf-8', 'backslashreplace'))
            self.end_with(126, False)
        else:
            self.run(payload)

    def revive(self):
        """Starts an interpreter, if there is none."""
        if self.pid == 0:
            self.start(self.order)

    def revive_early(self):
        """Does so before it is needed. If it cannot be now, the next block tries again, and tells why not."""
        try:
            self.revive()
        except OSError:
            pass

    def interrupt(self, ends):
        """Interrupts the block that runs. What it has started ends with it, if that is asked for."""
        self.ends = self.busy and ends
        if self.busy:
            self.send_interrupt()

    def send_interrupt(self):
        send_signal(self.pid, signal.SIGINT)

    def kill(self):
        """Ends a block that has to end."""
        if self.busy:
            self.end_with(137, True)

    def end_with(self, code, killed):
        """The interpreter has ended, or is to: what its block began ends, and it goes on from before."""
        block, since = self.busy, self.began if self.busy else ticks_now()
        pid = self.end_interpreter()
        clean = self.supervisor.tree.end(self.number, since, pid) if block else True
        self.drain()
        self.busy = self.ends = False
        before = self.blocks + (1 if block else 0)
        lost = self.go_on()
        self.supervisor.host.send_json(ENDED, self.number, {
            'code': code, 'killed': killed, 'block': block, 'clean': clean, 'undone': before - self.blocks, 'lost': lost})
        if block:
            # After an end between blocks this waits for the next one: it may be an interpreter that cannot live, and the next could not.
            self.revive_early()

    def end_interpreter(self):
        """Ends the interpreter, if there is one, and gives its pid."""
        pid, self.pid = self.pid, 0
        if pid != 0:
            self.supervisor.forget(pid)
            send_signal(pid, signal.SIGKILL)
        self.let_go()
        return pid

    def roll_back(self, blocks):
        if self.busy:
            raise Failure('a block runs')
        target = self.blocks - blocks
        if not any(copy.blocks == target for copy in self.copies) and target != 0:
            raise Failure('there is no checkpoint from before those blocks')
        while self.copies and self.copies[-1].blocks > target:
            self.drop(self.copies.pop())
        self.end_interpreter()
        before = self.blocks
        lost = self.go_on()
        if self.blocks != target:
            self.supervisor.host.send_json(ENDED, self.number, {
                'code': 137, 'killed': True, 'block': False, 'clean': True, 'undone': before - self.blocks, 'lost': lost})
            raise Failure('the checkpoint has ended, and those after it with it')
        self.revive_early()

    def drop_copies(self, kept):
        while len(self.copies) > kept:
            self.drop(self.copies.pop(0))

    def list_processes(self, answer):
        answer(self.supervisor.tree.of_context(self.number))

    def close(self):
        pid = self.end_interpreter()
        if self.order:
            self.drop_copies(0)
            self.supervisor.tree.end(self.number, 0, pid)
        for fd in self.pipes:
            self.supervisor.unwatch(fd)
            os.close(fd)
        for fd in self.outputs:
            os.close(fd)


class Copy:
    """A copy of an interpreter, from after a block, which waits."""

    def __init__(self, blocks, pid, channel):
        self.blocks, self.pid, self.channel = blocks, pid, channel


class PythonContext(Context):
    def __init__(self, supervisor, number):
        super().__init__(supervisor, number)
        self.channel = None
        self.requests = {}
        # Whether a copy is being made, which is known when it is there, and what is done then.
        self.copying, self.after_copy = False, []

    def start(self, order):
        """Forks the supervisor; in the child, which is the interpreter, this raises Forked."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        pid = self.supervisor.fork()
        if pid == 0:
            interpreter = Interpreter(self.number, order, self.supervisor.settings)
            raise Forked(lambda: interpreter.begin(order, theirs.detach(), *self.outputs), interpreter)
        theirs.close()
        self.order = order
        self.take(pid, Channel(ours))

    def take(self, pid, channel):
        self.pid, self.channel = pid, channel
        # One that does not read what it is sent must not keep us from the others.
        channel.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', 2, 0))
        self.supervisor.tree.own[pid] = self.number
        self.supervisor.interpreters[pid] = self
        self.supervisor.watch(channel.connection.fileno(), self.receive)

    def ask_for_copy(self):
        self.copying = True
        self.channel.send(KEEP, self.number)

    def let_go(self):
        if self.channel is not None:
            self.supervisor.unwatch(self.channel.connection.fileno())
            self.channel.close()
            self.channel = None
        # Of what was asked of it nothing comes any more.
        requests, self.requests = self.requests, {}
        for finish in requests.values():
            finish({'error': 'the interpreter has ended'})
        self.copied_or_not()

    def send_interrupt(self):
        super().send_interrupt()
        if self.ends:
            # Python forgets an interrupt that it raises in a finalizer or a callback, and this block is to be killed soon.
            began = self.began
            self.supervisor.after(1, lambda: self.busy and self.began == began and super(PythonContext, self).send_interrupt())

    def run(self, payload):
        try:
            self.channel.send(EXECUTE, self.number, payload)
        except Closed:
            self.end_with(1, False)

    def receive(self, _):
        try:
            self.take_some()
        except BROKEN:
            # It has ended, of which the kernel tells, or has closed its end, or says what it never says.
            code = self.supervisor.code_of(self.pid)
            self.end_with(1 if code is None else code, False)

    def ended(self, code):
        """Its process has ended by itself. What it has sent before comes first."""
        try:
            self.take_frames()
        except BROKEN:
            pass
        self.end_with(code, False)

    def take_frames(self):
        """Takes what has come by now."""
        while self.channel is not None and select.select([self.channel.connection], [], [], 0)[0]:
            self.take_some()

    def take_some(self):
        channel = self.channel
        for kind, waits, payload in channel.receive():
            self.handle(kind, waits, payload)
            if self.channel is not channel:
                # What follows is of an interpreter that we have ended.
                return

    def handle(self, kind, waits, payload):
        if kind in (SHOW, CLEAR, DROPPED):
            self.drain()
            self.supervisor.host.send(kind, self.number, payload)
            if waits:
                self.channel.send(SHOWN, self.number)
        elif kind == DONE:
            result = json.loads(payload)
            if self.busy:
                self.blocks = int(result['number'])
                self.copying = result.pop('keeps') is True
                if self.done(result) and result['interrupted'] and self.supervisor.settings['checkpoints'] > 0:
                    self.ask_for_copy()
        elif kind == COPYING:
            self.copying = True
        elif kind == COPIED:
            self.copied(json.loads(payload))

    def copied(self, news):
        descriptors = self.channel.take_descriptors()
        if 'request' in news:
            self.requests.pop(news['request'])(news)
        elif 'pid' in news and descriptors:
            pid = int(news['pid'])
            self.supervisor.tree.own[pid] = self.number
            self.copies.append(Copy(int(news['blocks']), pid, Channel(socket.socket(fileno=descriptors.pop(0)))))
            self.supervisor.bound_copies()
        for fd in descriptors:
            os.close(fd)
        self.copied_or_not()

    def copied_or_not(self):
        """No copy is being made any more."""
        self.copying = False
        waiting, self.after_copy = self.after_copy, []
        for step in waiting:
            step()

    def list_processes(self, answer):
        """Lists what blocks have started, once no copy of ours is among it."""
        found = self.supervisor.tree.of_context(self.number)
        try:
            self.take_frames()
        except BROKEN:
            pass
        if self.copying:
            self.after_copy.append(lambda: self.list_processes(answer))
        else:
            # One that was part of a copy's making is gone when the copy is there.
            left = processes()
            answer({pid: begun for pid, begun in found.items()
                    if pid not in self.supervisor.tree.own and left.get(pid, (0, 0, False))[1:] == (begun, True)})

    def go_on(self):
        """Goes on from the latest copy, or from nothing. Gives what is lost beyond the blocks that are undone."""
        while self.copies:
            copy = self.copies.pop()
            try:
                self.take(copy.pid, copy.channel)
                # Its copy of itself is made now: a block may need it.
                self.ask_for_copy()
                self.blocks = copy.blocks
                return ''
            except Closed:
                self.end_interpreter()
        lost = 'all' if self.blocks > 0 else ''
        self.blocks = 0
        return lost

    def branch(self, number, answer):
        if self.busy:
            raise Failure('a block runs')
        self.revive()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        other = PythonContext(self.supervisor, number)
        request = self.supervisor.next_request()

        def finish(news):
            theirs.close()
            if 'pid' not in news:
                ours.close()
                other.close()
                answer('no copy can be made: %s' % news.get('error'))
                return
            other.order, other.blocks = self.order, self.blocks
            other.take(int(news['pid']), Channel(ours))
            self.supervisor.contexts[number] = other
            try:
                if self.supervisor.settings['checkpoints'] > 0:
                    other.ask_for_copy()
            except Closed:
                # It has ended already, of which the kernel tells.
                pass
            answer('')
        self.requests[request] = finish
        try:
            self.channel.send_json(COPY, number, {'request': request}, [theirs.fileno()] + other.outputs)
        except Closed:
            self.requests.pop(request)({'error': 'the interpreter has ended'})

    def drop(self, copy):
        self.supervisor.forget(copy.pid)
        send_signal(copy.pid, signal.SIGKILL)
        copy.channel.close()


# What comes of taking what an interpreter sends: it has gone, or says what it never says.
BROKEN = (Closed, ValueError, KeyError, TypeError, AttributeError)


class Forked(Exception):
    """Raised in a fork of the supervisor, so that nothing of it is on the stack any more."""

    def __init__(self, begin, interpreter):
        super().__init__()
        self.begin, self.interpreter = begin, interpreter
