RUN_FILE, PY_EXIT = ctypes.pythonapi.PyRun_SimpleFileExFlags, ctypes.pythonapi.Py_Exit
RUN_FILE.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
LIBC.fopen.restype = ctypes.c_void_p
LIBC.realpath.restype = ctypes.c_char_p
# Those versions count calls in C as recursion.
LEAVE_CALL = ctypes.pythonapi.Py_LeaveRecursiveCall if (3, 9) <= sys.version_info < (3, 12) else None
# Modules that are preloaded, and not a part of another.
PRELOADED = set()
# The names of the main module: of each, the dictionary and the key.
MAIN_MODULES = [(sys.modules, '__main__')]
SITE = sys.modules.get('site')
# The folder of packages that the user installed, which may not exist yet.
USER_SITE = []


def hide_classes():
    """Takes our classes, and those that only we have imported, off the lists that their bases have of them (`object.__subclasses__()`).

    The lists hold weak references. Classes that an extension module keeps in its own memory stay: a script that imports such a module gets
    the very same ones, and they have to be on the lists then.
    """
    clear = getattr(ctypes.pythonapi, '_PyWeakref_ClearRef', None)
    if clear is None:
        return
    clear.argtypes, clear.restype = [ctypes.py_object], None
    kept = set() if FLAGS(ctypes._CFuncPtr) & IS_ON_HEAP else {ctypes.ArgumentError}
    bases, seen = [object], set()
    while bases:
        for kind in type.__subclasses__(bases.pop()):
            if kind not in seen:
                seen.add(kind)
                bases.append(kind)
    for kind in seen - kept:
        if FLAGS(kind) & IS_ON_HEAP and kind.__module__ in OUR_MODULES:
            clear(_weakref.ref(kind))


def script_calls(arguments, results):
    """Gives the calls that make of this process, a fork, one in which `python script` runs. Somebody else makes them: see start.

    The arguments are the script and what follows it. The calls are those that the interpreter makes itself for a script; one that asks for
    an exit code does not come back from the first.
    """
    path = os.path.join(os.getcwd(), arguments[0])
    file = LIBC.fopen(os.fsencode(path), b'rb')
    if not file:
        error = ctypes.get_errno()
        text = "%s: can't open file %r: [Errno %d] %s\n" % (sys.executable, path, error, os.strerror(error))
        os.write(2, text.encode('utf-8', 'backslashreplace'))
        os._exit(2)
    become_fresh(arguments, os.path.dirname(os.fsdecode(LIBC.realpath(os.fsencode(path), None))))
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
    if failed and sys.last_type is KeyboardInterrupt:
        code = interrupt_at_end()
    elif trace is None and profile is None:
        end_early(code)
    yield call(sys.settrace, trace), call(sys.setprofile, profile), call(gc.enable if collects else gc.disable), call(PY_EXIT, code)


def interrupt_at_end():
    """Gives the exit code of an interrupted interpreter, which ends by the signal once it has put everything in order.

    The signal ends it even if the script ignores it, and only if the script does not block it.
    """
    if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        return 128 + signal.SIGINT
    # The last one is called first: signal(SIGINT, SIG_DFL), whose number is the exit code, and then raise(SIGINT).
    LIBC.__cxa_atexit(getattr(LIBC, 'raise'), ctypes.c_void_p(signal.SIGINT), None)
    if hasattr(LIBC, 'on_exit'):
        LIBC.on_exit(LIBC.signal, None)
    return int(signal.SIGINT)


def become_fresh(arguments, folder):
    """Makes the state of the interpreter what it is before the first line of a script."""
    sys.argv[:] = arguments
    if hasattr(sys, 'orig_argv'):
        sys.orig_argv[:] = [sys.executable] + arguments
    # What is there by now is not the script's.
    gc.freeze()
    main = type(sys)('__main__')
    for names, name in MAIN_MODULES:
        names[name] = main
    reset_main(main)
    if SCRIPT_FOLDER in sys.path:
        sys.path.remove(SCRIPT_FOLDER)
    add_user_site()
    if HAS_SCRIPT_FOLDER:
        sys.path.insert(0, folder)
    add_module_folders(folder)
    forget_hidden_modules(folder)
    renew_preloaded()


def find_main_modules():
    """Notes where modules that were preloaded keep the main module: it is the script's that they are to find there."""
    main = sys.modules['__main__']
    every = [getattr(module, '__dict__', None) for module in sys.modules.values()]
    MAIN_MODULES[:] = [(names, name) for names in [sys.modules] + every if type(names) is dict
                       for name, value in list(names.items()) if value is main]


def reset_main(main):
    names = vars(main)
    names.clear()
    names.update(_PRISTINE)
    # The interpreter sets these itself.
    for name in '__file__', '__cached__':
        names.pop(name, None)
    main.__annotations__ = {}


def renew_preloaded():
    """Some modules keep what they found or drew when they were imported, in another process."""
    modules = sys.modules
    for name in 'random', 'numpy.random':
        if name in modules:
            modules[name].seed()
    if 'threading' in modules and hasattr(modules['threading'].Thread, '_set_native_id'):
        modules['threading'].main_thread()._set_native_id()
    if 'multiprocessing.process' in modules:
        process = modules['multiprocessing.process']
        process.ORIGINAL_DIR = os.getcwd()
        process.current_process().authkey = os.urandom(32)


def renew_stdin():
    """The interpreter looked at its standard input when that was the channel still."""
    before = sys.__stdin__
    buffer = open(0, 'rb', closefd=False)
    buffer.raw.name = before.name
    sys.stdin = sys.__stdin__ = type(before)(buffer, before.encoding, before.errors, '\n', before.line_buffering, before.write_through)
    sys.stdin.mode = before.mode


def find_user_site():
    """Called once the guest's home is known."""
    if SITE is not None and SITE.ENABLE_USER_SITE:
        SITE.USER_BASE = SITE.USER_SITE = None
        USER_SITE[:] = [SITE.getusersitepackages()]


def add_user_site():
    """A package that an earlier block installed is in a folder that did not exist when this interpreter started.

    So is what a new interpreter imports before the script. This comes before the script's own folder, where it is not looked for.
    """
    if not USER_SITE or USER_SITE[0] in sys.path or not os.path.isdir(USER_SITE[0]):
        return
    before = len(sys.path)
    try:
        SITE.addsitedir(USER_SITE[0])
        added = sys.path[before:]
        del sys.path[before:]
        at = next((i for i, p in enumerate(sys.path) if p.endswith(('site-packages', 'dist-packages'))), before)
        sys.path[at:at] = added
        SITE.execsitecustomize()
        SITE.execusercustomize()
    except BaseException as e:
        fail_start(e)


def fail_start(error):
    """An interpreter that cannot import its site module does not start."""
    sys.stderr.write('Fatal Python error: init_import_site: Failed to import the site module\nPython runtime state: initialized\n')
    sys.__excepthook__(type(error), error, error.__traceback__.tb_next)
    os._exit(1)


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
