def serve():
    # Another number means that this is a namespace in which the agent can end nobody, or in which its end ends nobody.
    if os.getpid() != 1 and os.environ.pop('GLOVEBOX_TEST_NOT_FIRST', None) is None:
        sys.exit('the agent is not the first process of its namespace')
    agent = Agent(os.environ.pop('GLOVEBOX_TEST_DUMPABLE', None) is None)
    try:
        agent.serve()
    except Protocol as e:
        sys.stderr.write('protocol: %s\n' % e)
        os._exit(3)


_script = None
try:
    serve()
except ForkedScript as _fork:
    _script = _fork.script
# From here on this is a fork: a guest process that runs one script.
_keep = sys.modules['__main__']
_module, _path = main_module(_script)
try:
    with open(_path, 'rb') as _file:
        _code = _file.read()
    del _file
    exec(compile(_code, _path, 'exec', dont_inherit=True), _module.__dict__)
except SystemExit:
    raise
except BaseException:
    if hasattr(sys, 'excepthook'):
        sys.excepthook = strip_hook(sys.excepthook)
    raise
