RUN_FILE, PY_EXIT = ctypes.pythonapi.PyRun_SimpleFileExFlags, ctypes.pythonapi.Py_Exit
RUN_FILE.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
LIBC.fopen.restype = ctypes.c_void_p
LIBC.realpath.restype = ctypes.c_char_p
# Those versions count calls in C as recursion.
LEAVE_CALL = ctypes.pythonapi.Py_LeaveRecursiveCall if (3, 9) <= sys.version_info < (3, 12) else None
# Modules that are preloaded, and not a part of another.
PRELOADED = set()
USER_SITE = sys.modules['site'].getusersitepackages() if 'site' in sys.modules and sys.modules['site'].ENABLE_USER_SITE else None


def script_calls(script, results):
    """Gives the calls that make of this process, a fork, one in which `python script` runs. Somebody else makes them: see start.

    They are those that the interpreter makes itself for a script; one that asks for an exit code does not come back from the first.
    """
    path = os.path.join(os.getcwd(), script)
    file = LIBC.fopen(os.fsencode(path), b'rb')
    if not file:
        error = ctypes.get_errno()
        text = "%s: can't open file %r: [Errno %d] %s\n" % (sys.executable, path, error, os.strerror(error))
        os.write(2, text.encode('utf-8', 'backslashreplace'))
        os._exit(2)
    become_fresh(script, os.path.dirname(os.fsdecode(LIBC.realpath(os.fsencode(path), None))))
    if LEAVE_CALL is not None:
        # These are the ones that the script is called through.
        for _ in range(3):
            LEAVE_CALL()
    call = functools.partial
    # What traces calls must not see this generator go on, nor miss what happens at the end.
    yield (call(RUN_FILE, file, os.fsencode(path), 1, None), call(sys.gettrace), call(sys.getprofile), call(gc.isenabled),
           call(sys.settrace, None), call(sys.setprofile, None), call(gc.disable))
    failed, trace, profile, collects = results[-7:-3]
    code = int(failed != 0)
    if failed and sys.last_type is KeyboardInterrupt and hasattr(LIBC, 'on_exit'):
        # An interrupted interpreter ends by the signal, once it has put everything in order.
        LIBC.on_exit(getattr(LIBC, 'raise'), None)
        code = int(signal.SIGINT)
    elif trace is None and profile is None:
        end_early(code)
    yield call(sys.settrace, trace), call(sys.setprofile, profile), call(gc.enable if collects else gc.disable), call(PY_EXIT, code)


def become_fresh(script, folder):
    """Makes the state of the interpreter what it is before the first line of a script."""
    sys.argv[:] = [script]
    if hasattr(sys, 'orig_argv'):
        sys.orig_argv[:] = [sys.executable, script]
    if HAS_SCRIPT_FOLDER:
        sys.path[sys.path.index(SCRIPT_FOLDER) if SCRIPT_FOLDER in sys.path else 0] = folder
    add_user_site()
    add_module_folders(folder)
    forget_hidden_modules(folder)
    for name in 'random', 'numpy.random':
        # They have drawn their seeds when they were preloaded.
        if name in sys.modules:
            sys.modules[name].seed()
    # What is there by now is not the script's.
    gc.freeze()
    module = type(sys)('__main__')
    module.__dict__.clear()
    module.__dict__.update(_PRISTINE)
    # The interpreter sets these itself.
    for name in '__file__', '__cached__':
        module.__dict__.pop(name, None)
    module.__annotations__ = {}
    sys.modules['__main__'] = module


def renew_stdin():
    """The interpreter looked at its standard input when that was the channel still."""
    before = sys.__stdin__
    buffer = open(0, 'rb', closefd=False)
    buffer.raw.name = before.name
    sys.stdin = sys.__stdin__ = type(before)(buffer, before.encoding, before.errors, '\n', before.line_buffering, before.write_through)
    sys.stdin.mode = before.mode


def add_user_site():
    """A package that an earlier block installed is in a folder that did not exist when this interpreter started."""
    if USER_SITE is None or USER_SITE in sys.path or not os.path.isdir(USER_SITE):
        return
    before = len(sys.path)
    sys.modules['site'].addsitedir(USER_SITE)
    added = sys.path[before:]
    del sys.path[before:]
    at = next((i for i, p in enumerate(sys.path) if p.endswith(('site-packages', 'dist-packages'))), before)
    sys.path[at:at] = added


def forget_hidden_modules(folder):
    """A preloaded module would hide a file beside the script that has its name."""
    if not PRELOADED:
        return
    try:
        beside = {name.partition('.')[0] for name in os.listdir(folder)}
    except OSError:
        return
    for name in beside.intersection(PRELOADED):
        found = sys.modules['_frozen_importlib_external'].PathFinder.find_spec(name, [folder])
        if found is not None and found.loader is not None:
            for module in [m for m in sys.modules if m == name or m.startswith(name + '.')]:
                del sys.modules[module]
    sys.path_importer_cache.clear()
