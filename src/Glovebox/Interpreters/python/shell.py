# The descriptors of a shell beside its standard input, which brings orders: reports go out; the block's name and text, what the shell holds
# after a block, and what it held at its end are files in memory.
REPORTS, TEXT, STATE, LEFT = 201, 202, 203, 204
# What the shell of a context runs first. An order has it send itself a signal, and what that runs evaluates the block, and reports its jobs
# and its exit code. In what a signal runs, the lines of a block have their own numbers, and "break" finds no loop of ours. What we do
# ourselves is not traced by "set -x". Another order has it write down what it holds, from which another shell can go on.
SHELL = r'''. /proc/self/fd/203 2> /dev/null
__glovebox_state() { { declare -p; declare -f; alias -p; umask -p; trap -p; printf 'cd -- %q\n' "$PWD"; printf 'set --'
(($#)) && printf ' %q' "$@"; printf '\n'; shopt -p; set +o; echo '# whole'; } 2> /dev/null; }
trap '{ __glovebox_code=$?; __glovebox_state "$@" >| /proc/self/fd/204; printf "ended %s\n" "$__glovebox_code" >&201; } 2> /dev/null' EXIT
trap 'mapfile -d "" -t -u 202 __glovebox_block; BASH_ARGV0=${__glovebox_block[0]}; '\
'eval "${__glovebox_trace-}${__glovebox_block[1]-}" < /dev/null; '\
'{ __glovebox_code=$?; __glovebox_trace=; [[ $- == *x* ]] && __glovebox_trace="set -x;"; set +x; '\
'jobs -p; printf "done %s\n" "$__glovebox_code"; } 2> /dev/null >&201' URG
echo state >&201
'''
RUN = b'kill -s URG $$\n'
WRITE = b'__glovebox_state "$@" >| /proc/self/fd/203; echo state >&201\n'
# So many seconds after a block the shell is asked to write: its result is with the host by then, and nobody waits for the processor.
QUIET = 0.002
WHOLE = b'# whole\n'
# More than this is not kept.
LARGEST_STATE = 8 << 20


class Text:
    """What a shell held after a block."""

    def __init__(self, blocks, state):
        self.blocks, self.state = blocks, state


class ShellContext(Context):
    """A bash that runs the blocks of one context. Its copies are what it held, as text."""

    def __init__(self, supervisor, number):
        self.text, self.state, self.left = (memory_file(name) for name in ('block', 'state', 'left'))
        super().__init__(supervisor, number)
        self.orders = self.reports = -1
        self.pending = b''
        self.jobs = []
        # Whether the text from after the latest block has still to be asked for, and whether it has still to come.
        self.owes, self.writes = False, True
        # Branches, each with its number and what is told then, that are made once it has come.
        self.after_state = []
        self.said_end = False
        # With what the next shell begins, and whether one is beginning.
        self.first, self.begins = b'', False
        self.keeps = supervisor.settings['checkpoints'] > 0

    def check(self, order):
        super().check(order)
        folders = os.get_exec_path(dict(os.environ, **order.get('variables', {})))
        if not any(os.access(os.path.join(folder, 'bash'), os.X_OK) for folder in folders):
            raise Failure('bash is missing')

    def start(self, order):
        os.ftruncate(self.left, 0)
        os.ftruncate(self.state, 0)
        os.pwrite(self.state, self.first, 0)
        ends = []
        try:
            for _ in range(2):
                ends += os.pipe2(os.O_CLOEXEC)
            pid = self.supervisor.fork()
        except OSError:
            for fd in ends:
                os.close(fd)
            raise
        reader, orders, reports, writer = ends
        if pid == 0:
            try:
                self.become(order, reader, writer)
            except OSError as e:
                os.write(2, ('bash: %s\n' % e.strerror).encode())
            os._exit(127)
        os.close(reader)
        os.close(writer)
        os.set_blocking(reports, False)
        self.order, self.pid, self.orders, self.reports = order, pid, orders, reports
        self.pending, self.owes, self.writes, self.said_end, self.begins = b'', False, True, False, True
        try:
            os.write(self.orders, SHELL.encode())
        except OSError:
            # It has ended already, of which the kernel tells.
            pass
        self.supervisor.tree.own[self.pid] = self.number
        self.supervisor.interpreters[self.pid] = self
        self.supervisor.watch(self.reports, self.report)

    def become(self, order, reader, writer):
        os.setsid()
        set_oom_score(1000)
        for target, fd in ((0, reader), (1, self.outputs[0]), (2, self.outputs[1]), (REPORTS, writer), (TEXT, self.text),
                           (STATE, self.state), (LEFT, self.left)):
            os.dup2(fd, target)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD, signal.SIGURG):
            signal.signal(number, signal.SIG_DFL)
        os.environ.update(order.get('variables', {}))
        os.environ[CONTEXT_VARIABLE] = str(self.number)
        try:
            os.chdir(os.path.join(self.supervisor.settings['work'], order.get('directory') or ''))
        except OSError:
            # What an earlier one held leads to where that was.
            if not self.first:
                raise
        os.execvp('bash', ['bash', '--norc', '--noprofile', '-s'])

    def let_go(self):
        if self.reports >= 0:
            self.supervisor.unwatch(self.reports)
            os.close(self.reports)
            os.close(self.orders)
            self.reports = self.orders = -1
        self.begins = False
        waiting, self.after_state = self.after_state, []
        for _, answer in waiting:
            answer('the shell has ended')

    def run(self, payload):
        order = json.loads(payload)
        try:
            os.ftruncate(self.text, 0)
            os.pwrite(self.text, b'block %d\0' % order['number'] + order['code'].encode('utf-8', 'surrogateescape'), 0)
            # The shell reads from where this descriptor is.
            os.lseek(self.text, 0, os.SEEK_SET)
        except OSError:
            self.is_gone()
            return
        self.jobs = []
        if self.owes and self.keeps:
            self.owes, self.writes = False, True
            self.tell(WRITE + RUN)
        else:
            self.tell(RUN)

    def tell(self, order):
        try:
            os.write(self.orders, order)
        except OSError:
            self.is_gone()

    def is_gone(self):
        """It has ended, and the kernel has not told yet."""
        code = self.supervisor.code_of(self.pid)
        self.end_with(1 if code is None else code, False)

    def ask_for_state(self):
        if self.owes:
            self.owes, self.writes = False, True
            self.tell(WRITE)

    def report(self, fd):
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.supervisor.unwatch(fd)
            return
        lines = (self.pending + data[-CHUNK:]).split(b'\n')
        self.pending = lines.pop()[-CHUNK:]
        for line in lines:
            words = line.split()
            if words[:1] == [b'done'] and self.busy:
                self.block_done(words)
            elif words[:1] == [b'state']:
                self.written()
            elif words[:1] == [b'ended']:
                self.said_end = True
            elif len(words) == 1 and words[0].isdigit():
                self.jobs.append(int(words[0]))

    def block_done(self, words):
        self.blocks += 1
        latest = self.copies[-1].blocks if self.copies else 0
        if not self.done({
            'number': self.blocks, 'code': number_of(words), 'interrupted': False,
            # Of this block the text has still to come. If it had not come for one before, that was too long.
            'uncovered': self.blocks - latest if self.keeps and latest < self.blocks - 1 else 0,
            'lost': ['background jobs'] if self.jobs else []}):
            return
        self.owes = True
        if self.keeps:
            pid, blocks = self.pid, self.blocks
            self.supervisor.after(QUIET, lambda: (self.pid, self.blocks) == (pid, blocks) and self.reports >= 0 and self.ask_for_state())

    def written(self):
        self.writes = self.begins = False
        self.keep(whole(self.state))
        waiting, self.after_state = self.after_state, []
        for number, answer in waiting:
            self.branch_now(number, answer)

    def keep(self, state):
        if state is not None and self.keeps:
            self.copies = [copy for copy in self.copies if copy.blocks < self.blocks] + [Text(self.blocks, state)]
            self.drop_copies(self.supervisor.settings['checkpoints'])

    def ended(self, code):
        """The shell has ended by itself: by exit, or by "set -e". If it has written down what it held, the block is a block like others."""
        block = self.busy
        try:
            self.report(self.reports)
        except OSError:
            pass
        left = whole(self.left)
        if not block or not self.said_end or left is None:
            self.end_with(code, False)
            return
        self.end_interpreter()
        self.blocks += 1
        self.keep(left)
        self.first = left
        self.revive_early()
        self.done({
            'number': self.blocks, 'code': code, 'interrupted': code == 128 + signal.SIGINT, 'uncovered': 0,
            'lost': ['background jobs'] if self.jobs else []})

    def send_interrupt(self, times=10):
        # Its commands are in its group; those in the background ignore this. One that the shell was about to start may not hear of it, and
        # gets it alone then: of two before it has ended its command, the shell dies at once, and does not write down what it held.
        try:
            if times == 10:
                os.killpg(self.pid, signal.SIGINT)
            else:
                self.interrupt_commands()
        except OSError:
            return
        pid, block = self.pid, self.blocks
        if times > 1:
            self.supervisor.after(
                0.1, lambda: self.busy and (self.pid, self.blocks) == (pid, block) and self.send_interrupt(times - 1))

    def interrupt_commands(self):
        for pid in processes():
            try:
                if pid != self.pid and os.getpgid(pid) == self.pid:
                    os.kill(pid, signal.SIGINT)
            except ProcessLookupError:
                pass

    def end_with(self, code, killed):
        if self.begins:
            # From what it held none can go on.
            del self.copies[-1:]
        super().end_with(code, killed)

    def go_on(self):
        lost = 'all' if self.blocks > 0 and not self.copies else ''
        latest = self.copies[-1] if self.copies else Text(0, b'')
        self.blocks, self.first = latest.blocks, latest.state
        return lost

    def branch(self, number, answer):
        if self.busy:
            raise Failure('a block runs')
        self.revive()
        self.ask_for_state()
        if self.pid == 0:
            raise Failure('the shell has ended')
        if self.writes:
            self.after_state.append((number, answer))
        else:
            self.branch_now(number, answer)

    def branch_now(self, number, answer):
        state = b'' if self.blocks == 0 else whole(self.state)
        if state is None:
            answer('what the shell holds is too much to be copied')
            return
        try:
            other = self.supervisor.contexts[number] = ShellContext(self.supervisor, number)
            other.copies, other.blocks, other.first = list(self.copies), self.blocks, state
            other.start(self.order)
        except OSError as e:
            if number in self.supervisor.contexts:
                self.supervisor.contexts.pop(number).close()
            answer(str(e))
        else:
            answer('')

    def drop(self, copy):
        """A text is no process."""

    def close(self):
        super().close()
        os.close(self.text)
        os.close(self.state)
        os.close(self.left)


def whole(file):
    """Reads what a shell has written down. What is not whole is of no use."""
    state = os.pread(file, LARGEST_STATE + 1, 0)
    return state if len(state) <= LARGEST_STATE and state.endswith(WHOLE) else None


def number_of(words):
    try:
        return int(words[1]) & 0xff
    except (IndexError, ValueError):
        return 1
