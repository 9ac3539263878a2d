# A copy may keep the processor busy for so many seconds right after a block: one that comes meanwhile waits, longer than that by what others
# do, and hardly notices. One that takes longer is put off until no block comes for some time. If blocks leave no such time, it is made
# nevertheless, for no more than a share of all time.
UNNOTICED = 0.05
SHARE = 0.02
PATIENCE = 2


class Copied:
    """What an interpreter does to be copied: the copy of after each block, that of another context, and its own life as one of them."""

    def __init__(self):
        self.is_copy = False
        # How long a copy takes, how many blocks none has, and whether the latest could not be made.
        self.kept_cost, self.uncovered, self.failed = 0.0, 0, False
        # Since when a copy is put off; None: none is.
        self.owed_since = None

    def keeps_now(self):
        """Whether a copy is made right after the block that has ended. If not, it is put off, or left out."""
        self.uncovered += 1
        fits = self.fits()
        owed_for = 0 if self.owed_since is None else now() - self.owed_since
        if fits and (self.kept_cost <= UNNOTICED or owed_for >= self.kept_cost / SHARE):
            return True
        self.owed_since = None if not fits else now() if self.owed_since is None else self.owed_since
        return False

    def keep_late(self):
        """Makes a copy that was put off, if nothing comes for a while."""
        if self.owed_since is None or self.is_copy or select.select([CONTROL], [], [], PATIENCE * self.kept_cost)[0]:
            return
        self.channel.send(COPYING, self.number)
        self.keep()

    def not_copied(self):
        """What a copy of this process would lack, in words."""
        lost = []
        if len(sys._current_frames()) > 1:
            lost.append('threads')
        try:
            os.waitid(os.P_ALL, 0, os.WNOHANG | os.WNOWAIT | os.WEXITED)
            lost.append('child processes')
        except ChildProcessError:
            pass
        if self.loop is not None and not self.loop.is_closed() and self.tasks():
            lost.append('asyncio tasks')
        torch = sys.modules.get('torch')
        try:
            if torch is not None and torch.cuda.is_initialized():
                lost.append('GPU memory')
        except AttributeError:
            pass
        return lost

    def fits(self):
        """Whether a copy takes no more memory than it may, once the two have nothing in common any more."""
        try:
            with open('/proc/self/statm') as file:
                _, resident, shared = file.read().split()[:3]
        except OSError:
            return False
        return (int(resident) - int(shared)) * PAGE <= self.settings['largest']

    def keep(self):
        """Makes a copy of this process that waits until it is needed, when what comes after is undone."""
        ours, theirs = (end.detach() for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM))
        begun = processor_time()
        self.owed_since = None
        try:
            pid = self.copy(lambda: self.become(theirs, 1, 2, ours))
        except OSError as e:
            self.failed = True
            os.close(ours)
            os.close(theirs)
            self.channel.send_json(COPIED, self.number, {'error': e.strerror, 'blocks': self.blocks})
            return
        self.uncovered, self.failed = 0, False
        if pid == 0:
            return
        os.close(theirs)
        self.kept_cost = processor_time() - begun
        self.channel.send_json(
            COPIED, self.number, {'pid': pid, 'blocks': self.blocks, 'seconds': self.kept_cost}, [ours])
        os.close(ours)

    def branch(self, number, order):
        """Makes a copy that is the interpreter of another context."""
        control, output, errors = self.channel.take_descriptors()[:3]
        try:
            pid = self.copy(lambda: self.become_other(number, control, output, errors))
        except OSError as e:
            self.channel.send_json(COPIED, self.number, {'error': e.strerror, 'request': order['request']})
            pid = -1
        if pid == 0:
            return
        for fd in (control, output, errors):
            os.close(fd)
        if pid > 0:
            self.channel.send_json(COPIED, self.number, {'pid': pid, 'request': order['request']})

    def become(self, control, output, errors, *unused):
        self.is_copy = True
        # Its descriptor is to be the new connection's.
        self.channel.connection.detach()
        self.connect(control, output, errors)
        for fd in unused:
            os.close(fd)
        # While memory is short, who runs blocks ends first.
        set_oom_score(900)

    def become_other(self, number, control, output, errors):
        self.number = number
        os.environ[CONTEXT_VARIABLE] = str(number)
        self.become(control, output, errors)

    def copy(self, become):
        """Forks twice, so that the copy is no child of ours: code that waits for its own children does not meet it."""
        flush()
        state = sys.modules['random'].getstate() if 'random' in sys.modules else None
        ends = list(os.pipe())
        try:
            pid = self.fork()
            if pid == 0:
                self.fork_again(ends[1])
            else:
                os.close(ends.pop())
                try:
                    os.waitpid(pid, 0)
                except ChildProcessError:
                    # Code can have the kernel wait for its children, or do so in a thread.
                    pass
                answer = os.read(ends[0], 4)
        finally:
            for fd in ends:
                os.close(fd)
        if pid == 0:
            os.setsid()
            become()
            if state is not None:
                sys.modules['random'].setstate(state)
            return 0
        (pid,) = struct.unpack('<i', answer) if len(answer) == 4 else (-errno.ENOMEM,)
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return pid

    def fork_again(self, writer):
        """In the fork: ends, and comes back in a fork of its own."""
        try:
            # What is done to the group of the interpreter must not be done to its copy.
            os.setsid()
            other = self.fork()
            if other != 0:
                os.write(writer, struct.pack('<i', other))
                os._exit(0)
        except OSError as e:
            os.write(writer, struct.pack('<i', -e.errno))
            os._exit(1)

    @staticmethod
    def fork():
        # Newer versions warn of a fork beside threads: that these are missing in a copy is said in our own words.
        if sys.version_info >= (3, 12) and len(sys._current_frames()) > 1:
            import warnings
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                return os.fork()
        return os.fork()

    def renew(self):
        """In a copy that is needed: what it shares with the process that it is a copy of is made anew."""
        self.is_copy = False
        set_oom_score(1000)
        if self.loop is not None and not self.loop.is_closed():
            asyncio = sys.modules['asyncio']
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)


PAGE = os.sysconf('SC_PAGE_SIZE')


def processor_time():
    """That of this process and of children that have ended: how long something takes when nobody else has the processor."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
