def script_calls(script, results):
    """Gives the calls that make of this process, a fork, one in which `python script` runs. Somebody else makes them: see start.

    They are those that the interpreter makes itself for a script; one that asks for an exit code does not come back from the first.
    """
    path = os.path.join(os.getcwd(), script)
    python, libc = ctypes.pythonapi, ctypes.CDLL(None, use_errno=True)
    run_file = python.PyRun_SimpleFileExFlags
    run_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    libc.fopen.restype = ctypes.c_void_p
    file = libc.fopen(os.fsencode(path), b'rb')
    if not file:
        error = ctypes.get_errno()
        text = "%s: can't open file %r: [Errno %d] %s\n" % (sys.executable, path, error, os.strerror(error))
        os.write(2, text.encode('utf-8', 'backslashreplace'))
        os._exit(2)
    become_fresh(script, os.path.dirname(os.path.realpath(path)))
    if (3, 9) <= sys.version_info < (3, 12):
        # Those versions count calls in C as recursion; these are the ones that the script is called through.
        for _ in range(3):
            python.Py_LeaveRecursiveCall()
    call = functools.partial
    # What traces calls must not see this generator go on, nor miss what happens at the end.
    yield (call(run_file, file, os.fsencode(path), 1, None), call(sys.gettrace), call(sys.getprofile),
           call(sys.settrace, None), call(sys.setprofile, None))
    failed, trace, profile, _, _ = results[-5:]
    if not failed:
        code = 0
    elif sys.last_type is KeyboardInterrupt and hasattr(libc, 'on_exit'):
        # An interrupted interpreter ends by the signal, once it has put everything in order.
        libc.on_exit(getattr(libc, 'raise'), None)
        code = int(signal.SIGINT)
    else:
        code = 1
    yield call(sys.settrace, trace), call(sys.setprofile, profile), call(python.Py_Exit, code)


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
    sys.path_importer_cache.clear()
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
    site = sys.modules.get('site')
    if site is None or not site.ENABLE_USER_SITE:
        return
    folder = site.getusersitepackages()
    if folder in sys.path or not os.path.isdir(folder):
        return
    before = len(sys.path)
    site.addsitedir(folder)
    added = sys.path[before:]
    del sys.path[before:]
    at = next((i for i, p in enumerate(sys.path) if p.endswith(('site-packages', 'dist-packages'))), before)
    sys.path[at:at] = added


def forget_hidden_modules(folder):
    """A preloaded module would hide a file beside the script that has its name."""
    preloaded = {name for name in sys.modules if name not in _STARTUP_MODULES and '.' not in name}
    if not preloaded:
        return
    try:
        preloaded &= {name.partition('.')[0] for name in os.listdir(folder)}
    except OSError:
        return
    for name in preloaded:
        found = sys.modules['_frozen_importlib_external'].PathFinder.find_spec(name, [folder])
        if found is not None and found.loader is not None:
            for module in [m for m in sys.modules if m == name or m.startswith(name + '.')]:
                del sys.modules[module]
