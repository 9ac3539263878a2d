namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>What a script finds in its interpreter when its first line runs.</summary>
public sealed class MainModuleTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    [Fact]
    public async Task Only_the_command_line_and_the_first_variables_in_proc_tell_the_fork_server_from_an_interpreter()
    {
        const string code = "print(open('/proc/self/cmdline').read().split('\\0')[1], open('/proc/self/comm').read())";
        Assert.Equal("x.py python3\n\n", (await forkServer.PlainAsync(code)).Output);
        Assert.Equal("/run/glovebox/agent.py python3\n\n", (await forkServer.ForkedAsync(code)).Output);
    }

    [Theory]
    [InlineData("x.py")]
    [InlineData("sub/deep/x.py")]
    [InlineData("with blank.py")]
    [InlineData("-c.py")]
    [InlineData("grün.py")]
    [InlineData("no-extension")]
    [InlineData("socket.py")]
    [InlineData("__main__.py")]
    public async Task The_main_module_is_that_of_a_fresh_interpreter(string name)
    {
        BlockResult result = await forkServer.SameAsync(
            """
            print(list(globals()))
            print({k: v for k, v in globals().items() if k not in ('__builtins__', '__loader__')})
            import builtins, sys
            print(__builtins__ is builtins, type(__builtins__))
            print(type(__loader__), vars(__loader__), type(__loader__).__module__)
            print(__name__, __file__, __doc__, __package__, __spec__, __cached__, __annotations__)
            print(sys.modules['__main__'].__dict__ is globals(), __import__('__main__').__file__)
            print(sys.argv, sys.orig_argv, sys.path, __file__ == sys.argv[0])
            """,
            name);
        Assert.Contains("'__main__'", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_main_module_has_the_docstring_of_the_script() =>
        Assert.Equal(" What it does. \n", (await forkServer.SameAsync("''' What it does. '''\nprint(__doc__)")).Output);

    [Theory]
    [InlineData("print(sys.flags)")]
    [InlineData("print((sys.argv, sys.orig_argv, sys.path, sys.executable, sys.prefix, sys.exec_prefix, sys.base_prefix))")]
    [InlineData("print((sys.warnoptions, sys._xoptions, sys.dont_write_bytecode, sys.pycache_prefix, sys.flags.hash_randomization))")]
    [InlineData("print((sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.getprofile(), sys.getfilesystemencoding()))")]
    [InlineData("print([sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__, sys.unraisablehook is sys.__unraisablehook__])")]
    [InlineData("print([hasattr(sys, name) for name in ('last_type', 'last_value', 'last_traceback', 'ps1', 'exitfunc', 'tracebacklimit')])")]
    [InlineData("print([sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__])")]
    [InlineData("print((sys.meta_path, sys.path_hooks, sys.exc_info(), sys.getdlopenflags(), sys.gettrace()))")]
    [InlineData("import warnings; print(warnings.filters)")]
    [InlineData("import gc; print((gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.callbacks))")]
    [InlineData("import builtins; print(sorted(vars(builtins)))")]
    [InlineData("print(sorted(name for name in dir(sys)))")]
    [InlineData("import site; print((site.ENABLE_USER_SITE, site.getsitepackages(), site.getusersitepackages()))")]
    [InlineData("import locale; print((locale.getlocale(), locale.getpreferredencoding(), locale.setlocale(locale.LC_ALL)))")]
    [InlineData("import threading; t = threading; print((t.active_count(), t.enumerate() == [t.main_thread()], t.current_thread() is t.main_thread(), t.main_thread().name, t.main_thread().daemon, t.main_thread().ident == t.get_ident(), t.stack_size()))")]
    [InlineData("import threading, os; print(threading.get_native_id() == os.getpid())")]
    [InlineData("import os; print(sorted(os.environ.items()))")]
    [InlineData("import os; print(sorted(k for k in os.environ if os.getenv(k) != os.popen('printf %s \"$' + k + '\"').read()))")]
    [InlineData("import linecache; print(list(linecache.cache))")]
    [InlineData("import time; print((time.process_time() < 1, time.thread_time() < 1, time.tzname))")]
    [InlineData("import decimal, contextvars; print((decimal.getcontext(), list(contextvars.copy_context())))")]
    [InlineData("import atexit; print(atexit._ncallbacks())")]
    [InlineData("import asyncio; print((asyncio._get_running_loop(), asyncio.get_event_loop_policy()))")]
    [InlineData("import copyreg; print(sorted(map(str, copyreg.dispatch_table)))")]
    [InlineData("import codecs; print((codecs.lookup('utf-8').name, codecs.lookup_error('strict')))")]
    [InlineData("import logging; print((logging.root.handlers, logging.root.level, sorted(logging.root.manager.loggerDict)))")]
    [InlineData("import mimetypes, encodings; print(mimetypes.inited)")]
    public async Task The_interpreter_is_as_a_fresh_one(string code) => await forkServer.SameAsync("import sys\n" + code);

    [Fact]
    public async Task A_plain_command_line_shows_the_same_but_for_the_name_of_the_program()
    {
        Session session = forkServer.Session;
        BlockResult forked = await forkServer.ForkedAsync("import sys; print(sys.orig_argv[1:], sys.argv, sys.path, __file__, sorted(globals()))");
        Assert.Equal(forked.Output, (await session.BashAsync("python3 x.py")).Output);
        Assert.NotEmpty(forked.Output);
    }

    /// <summary>Every class that can be found from the first one. Until a script imports them, too, those stay that an extension module keeps
    /// in its own memory.</summary>
    [Theory]
    [InlineData("own = lambda kind: kind.__flags__ & 1 << 9 and kind.__module__ not in ('ctypes', 'socket')")]
    [InlineData("own = bool\nimport ctypes, socket, struct, select, fcntl, resource, errno, functools, signal, stat, itertools, marshal, weakref")]
    public async Task No_class_of_the_agent_is_among_the_subclasses(string imports)
    {
        BlockResult result = await forkServer.SameAsync(imports + """

            import gc; gc.collect()
            found, left = {object}, [object]
            while left:
                for kind in type.__subclasses__(left.pop()):
                    if kind not in found: found.add(kind); left.append(kind)
            print(*sorted(f'{kind.__module__}.{kind.__qualname__}' for kind in found if own(kind)), sep='\n')
            """,

            // In a folder of its own: another test leaves a socket.py.
            "classes/x.py");
        Assert.Contains("_sitebuiltins.Quitter", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_module_of_the_agent_can_be_imported()
    {
        const string code = """
            import sys
            print([m for m in sys.modules if 'agent' in m or 'glovebox' in m])
            print([m.__name__ for m in list(sys.modules.values()) if 'glovebox' in (getattr(m, '__file__', None) or '')])
            print([p for p in sys.path_importer_cache if 'glovebox' in p])
            import agent
            """;
        BlockResult result = await forkServer.SameAsync(code);
        Assert.Contains("ModuleNotFoundError: No module named 'agent'", result.StandardError, StringComparison.Ordinal);
    }
}
