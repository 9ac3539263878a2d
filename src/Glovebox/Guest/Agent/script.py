def main_module(script):
    """Makes the state of the interpreter what `python script` would have, and gives the new __main__ with its code."""
    path = os.path.abspath(script)
    folder = os.path.dirname(os.path.realpath(path))
    sys.argv[:] = [script]
    sys.orig_argv[:] = [sys.executable, script]
    if getattr(sys.flags, 'safe_path', False) is False:
        sys.path[0] = folder
    add_user_site()
    add_module_folders(folder)
    # A module of ours that a file beside the script has the name of would hide it.
    for name in [n for n in sys.modules if n not in _STARTUP_MODULES and '.' not in n]:
        if os.path.exists(os.path.join(folder, name + '.py')) or os.path.isdir(os.path.join(folder, name)):
            for loaded in [n for n in sys.modules if n == name or n.startswith(name + '.')]:
                del sys.modules[loaded]
    sys.path_importer_cache.clear()
    module = type(sys)('__main__')
    module.__dict__.clear()
    module.__dict__.update(_PRISTINE)
    module.__file__ = path
    # The agent itself may have come another way than from a file.
    module.__loader__ = sys.modules['_frozen_importlib_external'].SourceFileLoader('__main__', path)
    if sys.version_info < (3, 15):
        module.__cached__ = None
    sys.modules['__main__'] = module
    return module, path


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


def strip_hook(hook):
    def excepthook(kind, value, trace):
        while trace is not None and trace.tb_frame.f_globals is globals():
            trace = trace.tb_next
        value.__traceback__ = trace
        hook(kind, value, trace)
    return excepthook
