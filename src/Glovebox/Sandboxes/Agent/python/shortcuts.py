# What only buys milliseconds is here, behind one switch, which tests and benchmarks alone change; docs/performance.md says what each buys.
END_EARLY, FORK_AHEAD = 1, 2
SHORTCUTS = int(os.environ.pop('GLOVEBOX_TEST_SHORTCUTS', END_EARLY | FORK_AHEAD))

# The modules that were there before any script, in the order of their import. They stay, and an interpreter that ends clears them last.
KEPT = {}
STREAMS = sys.stdout, sys.stderr
# The size of a process, in KiB, from which a list of all that it has made may be more than it has room for.
LARGE = 64 << 10
# Of a class: the collector knows its instances.
IS_COLLECTED = 1 << 14
# Of a class: it is not one of those that C declares.
IS_ON_HEAP = 1 << 9
# What loads modules that are no extensions: of source and of byte code, and those of the interpreter itself, which are classes.
PYTHON_LOADERS = (type, *(getattr(sys.modules['_frozen_importlib_external'], name)
                          for name in ('SourceFileLoader', 'SourcelessFileLoader')))

# A class can replace its attributes by code of its own; these cannot be replaced.
BASES, NAMES, FLAGS = (type.__dict__[name].__get__ for name in ('__mro__', '__dict__', '__flags__'))
CALLBACK = _weakref.ref.__dict__['__callback__'].__get__


class End:
    """Is cleared when the interpreter has cleared what the script made, and is about to clear what was there before."""

    def __init__(self, code):
        self.code = code

    def __del__(self):
        leave(self.code)


def keep_modules():
    """Called when modules are preloaded. What they have made since gc.freeze was called last may have an end, too: then none is early."""
    if not has_finalizers(gc.get_objects()):
        KEPT.update(sys.modules)


def end_early(code):
    """Ends the process of a script as the interpreter ends, without the steps that leave no trace: at once, or later, or not at all.

    Most of that time goes into clearing what was there before the script. Nothing of it shows unless something that the script made is
    kept there.
    """
    is_usual = getattr(sys, 'stdout', None) is STREAMS[0] and getattr(sys, 'stderr', None) is STREAMS[1]
    if not SHORTCUTS & END_EARLY or not is_usual or not KEPT:
        return
    name, last = next(reversed(KEPT.items()))
    if sys.modules.get(name) is last:
        if is_simple():
            leave(code)
        vars(last)['_end'] = End(code)


def is_simple():
    """Whether nothing happens at the end but that Python modules are cleared."""
    return ('atexit' not in sys.modules and 'threading' not in sys.modules and len(sys._current_frames()) == 1 and
            not gc.callbacks and not gc.garbage and not gc.get_debug() and
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < LARGE and
            all(KEPT.get(name) is module or is_of_python(module) for name, module in sys.modules.items()))


def is_of_python(module):
    if type(module) is not type(sys):
        return False
    spec = vars(module).get('__spec__')
    return spec is None and module is sys.modules['__main__'] or type(getattr(spec, 'loader', None)) in PYTHON_LOADERS


def leave(code):
    """Exits, unless something that the script made would show that it is cleared."""
    try:
        made = gc.get_objects()
        if has_finalizers(made) or has_callbacks(made):
            return
        for stream in STREAMS:
            if not stream.closed:
                stream.flush()
    except BaseException:
        # The interpreter meets the same, and says so.
        return
    ctypes.pythonapi.exit(code)


def has_finalizers(made):
    kinds = kinds_of(made)
    kinds.pop(id(End), None)
    return (any(is_finalized(kind) for kind in kinds.values()) or
            any(is_finalized(kind) and not FLAGS(kind) & IS_COLLECTED for kind in instances(made, kinds, type)))


def has_callbacks(made):
    return any(CALLBACK(reference) is not None for reference in instances(made, kinds_of(made), _weakref.ref))


def kinds_of(made):
    """The types of objects by their numbers: what a type brings along says which are equal."""
    return dict(zip(map(id, map(type, made)), map(type, made)))


def instances(made, kinds, base):
    wanted = {number for number, kind in kinds.items() if issubclass(kind, base)}
    return itertools.compress(made, map(wanted.__contains__, map(id, map(type, made))))


def is_finalized(kind):
    return any('__del__' in NAMES(base) for base in BASES(kind))


class Spares:
    """Forks the process that the next run takes ahead of time.

    There is one only while nothing of the guest's is there: no guest process ever sees it, so none can end, stop or change it.
    """

    def __init__(self):
        self.spare, self.is_wanted = None, False
        self.are_hidden = os.environ.pop('GLOVEBOX_TEST_VISIBLE_SPARES', None) is None

    def want(self, is_wanted=True):
        """Once after each run, and no more: one that does not last would not the next time either."""
        self.is_wanted = is_wanted and SHORTCUTS & FORK_AHEAD != 0

    def prepare(self, has_runs):
        if not self.is_wanted or self.spare is not None or has_runs or self.are_hidden and not is_alone():
            return
        self.is_wanted = False
        try:
            self.spare = Fork(os.fork)
        except OSError:
            pass

    def take(self, order):
        """Gives the process that has taken the order, or nothing."""
        spare, self.spare = self.spare, None
        return spare if spare is not None and spare.take(order) else None

    def ended(self, pid):
        """Tells whether the process that has ended is the spare."""
        if self.spare is None or pid != self.spare.pid:
            return False
        self.spare.close()
        self.spare = None
        return True


def is_alone():
    """Whether nothing but this process is here: what is the guest's descends from it, and what loses its parent becomes its child."""
    try:
        # Without this bit the kernel speaks only of children that end with SIGCHLD.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | 0x40000000)
        return False
    except ChildProcessError:
        return True
    except OSError:
        # Kernels before 4.7 do not know how to ask.
        return False


def compiled_program():
    """This program as a file that Python runs without compiling it: four bytes of its version, twelve that are not looked at, the code."""
    return sys.modules['_frozen_importlib_external'].MAGIC_NUMBER + bytes(12) + marshal.dumps(PROGRAM)
