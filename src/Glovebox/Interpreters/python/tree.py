def processes():
    """Every process that can be seen: its parent, when it began (in ticks since the machine started), and whether it lives."""
    found = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/stat' % name, 'rb') as file:
                    # The second field is a name that the process chose; it may hold spaces and brackets.
                    fields = file.read().rpartition(b')')[2].split()
            except OSError:
                continue
            # One whose first thread has ended looks dead while others of its threads (the 20th field is their number) run on.
            lives = fields[0] not in (b'Z', b'X') or int(fields[17]) > 1
            found[int(name)] = (int(fields[1]), int(fields[19]), lives)
    return found


def ticks_now():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS)


TICKS = os.sysconf('SC_CLK_TCK')


def context_named_by(pid):
    """The context that a process says that it is of: it had the variable from the interpreter that started it."""
    try:
        with open('/proc/%d/environ' % pid, 'rb') as file:
            for variable in file.read().split(b'\0'):
                name, _, value = variable.partition(b'=')
                if name == CONTEXT_VARIABLE.encode():
                    return int(value)
    except (OSError, ValueError):
        pass
    return None


def command_of(pid):
    try:
        with open('/proc/%d/cmdline' % pid, 'rb') as file:
            words = file.read(4096).split(b'\0')
    except OSError:
        return ''
    return ' '.join(word.decode('utf-8', 'backslashreplace') for word in words if word)


class Tree:
    """What descends from the supervisor: its interpreters and their copies, and what blocks have started."""

    def __init__(self, contexts):
        # The contexts by their numbers, and the pids of interpreters and copies, each with its context's number.
        self.contexts, self.own = contexts, {}
        # Those that were killed, with the time when they began. Until the kernel is done with them they can be seen, and do nothing.
        self.killed = set()

    def of_context(self, number, since=0, found=None):
        """Processes that blocks of a context have started, since a time. One that belongs to no context that lives belongs to all."""
        found, supervisor = processes() if found is None else found, os.getpid()
        self.killed = {(pid, begun) for pid, begun in self.killed if pid in found and found[pid][1] == begun}
        chosen = {}
        for pid, (_, begun, lives) in found.items():
            if not lives or begun < since or pid in self.own or pid == supervisor or (pid, begun) in self.killed:
                continue
            at = pid
            while at in found and at not in self.own and at != supervisor:
                at = found[at][0]
            if at == supervisor:
                named = context_named_by(pid)
                if named is None or named == number or named not in self.contexts:
                    chosen[pid] = begun
            elif self.own.get(at) == number:
                chosen[pid] = begun
        return chosen

    # For how many seconds new processes are looked for among those that are to be ended. A program that does nothing but fork and end is
    # missed by most looks, the more so on a busy host with many other processes to look at.
    SWEEP_SECONDS = 5

    # How often we look at our children before a look at all processes.
    MAX_HOLDS = 50

    def end(self, number, since, group):
        """Ends what blocks of a context have started since a time. Tells whether nothing of it is left."""
        stopped = {}
        # Most are in the group of the interpreter: of a program that multiplies we would not get the processor before all of it stops.
        try:
            if group != 0:
                os.killpg(group, signal.SIGSTOP)
        except OSError:
            pass
        seen, until = set(), time.monotonic() + self.SWEEP_SECONDS
        while time.monotonic() < until:
            held = self.hold({pid for pid, _ in seen}) if seen else set()
            everything = processes()
            found = self.of_context(number, since, everything)
            for pid in held - set(found):
                send_signal(pid, signal.SIGCONT)
            fresh = [pid for pid in found if pid not in stopped]
            missed = self.ended(everything) - seen
            seen.update((pid, begun) for pid, (_, begun, _) in everything.items())
            if not fresh and not missed:
                self.kill(found)
                return True
            # Who is stopped starts nothing more, so none escapes by multiplying.
            for pid in fresh:
                send_signal(pid, signal.SIGSTOP)
            stopped.update(found)
        self.kill(stopped)
        return False

    def hold(self, known):
        """Stops our children that are new to us, and gives them. A look at all processes takes longer than some of them live."""
        held = set()
        for _ in range(self.MAX_HOLDS):
            fresh = own_children() - known - held - set(self.own)
            if not fresh:
                break
            for pid in fresh:
                send_signal(pid, signal.SIGSTOP)
            held |= fresh
        return held

    def ended(self, found):
        """Those that no context's code waits for and that have ended, and those whose parent did while we looked.

        A program that forks and ends, over and over, may never be found alive, but leaves these.
        """
        supervisor = os.getpid()
        return {(pid, begun) for pid, (parent, begun, lives) in found.items()
                if (not lives and parent == supervisor or parent != 0 and parent not in found) and pid not in self.own} - self.killed

    def collect_strays(self):
        """Has the kernel forget those that have ended and are no interpreters or copies."""
        for pid, (parent, _, lives) in processes().items():
            if parent == os.getpid() and not lives and pid not in self.own:
                os.waitpid(pid, os.WNOHANG)

    def kill(self, chosen):
        for pid, begun in chosen.items():
            if send_signal(pid, signal.SIGKILL):
                self.killed.add((pid, begun))


def own_children():
    try:
        with open('/proc/self/task/%d/children' % os.getpid()) as file:
            return {int(pid) for pid in file.read().split()}
    except OSError:
        # Some kernels do not tell.
        return set()


def send_signal(pid, number):
    try:
        os.kill(pid, number)
        return True
    except OSError:
        return False
