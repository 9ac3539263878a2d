namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>What a script that fails, or looks at its own stack, shows: nothing of ours is below its first frame.</summary>
public sealed class TracebackTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    [Theory]
    [InlineData("1/0", "ZeroDivisionError: division by zero")]
    [InlineData("def f(n):\n    return 1/0 if n == 0 else f(n - 1)\nf(3)", "ZeroDivisionError")]
    [InlineData("try:\n    {}['a']\nexcept KeyError:\n    1/0", "During handling of the above exception")]
    [InlineData("try:\n    {}['a']\nexcept KeyError as e:\n    raise RuntimeError('outer') from e", "direct cause")]
    [InlineData("try:\n    {}['a']\nexcept KeyError as e:\n    raise RuntimeError('outer') from None", "RuntimeError: outer")]
    [InlineData("e = ValueError('noted')\ne.add_note('a note')\nraise e", "a note")]
    [InlineData("raise ExceptionGroup('group', [ValueError(1), ExceptionGroup('inner', [KeyError('k')])])", "ExceptionGroup: inner")]
    [InlineData("def f(n): f(n + 1)\nf(0)", "RecursionError")]
    [InlineData("print(undefinde)", "NameError")]
    [InlineData("import collections; collections.OrderDict", "Did you mean: 'OrderedDict'")]
    [InlineData("raise BaseException('base')", "BaseException: base")]
    [InlineData("raise GeneratorExit", "GeneratorExit")]
    [InlineData("class E(Exception):\n    def __str__(self): 1/0\nraise E", "exception str() failed")]
    [InlineData("raise Exception('grün \\ud800 \\x1b')", "Exception: grün")]
    [InlineData("import json; json.loads('{')", "json/decoder.py")]
    [InlineData("exec('1/0')", "<string>")]
    [InlineData("import nosuchmodule", "ModuleNotFoundError")]
    [InlineData("assert 1 == 2, 'never'", "AssertionError: never")]
    [InlineData("input('? ')", "EOFError")]
    [InlineData("def g():\n    yield 1\n    1/0\nlist(g())", "in g")]
    [InlineData("import sys; sys.tracebacklimit = 1\ndef f(): 1/0\ndef g(): f()\ng()", "ZeroDivisionError")]
    [InlineData("import sys; sys.tracebacklimit = 0\ndef f(): 1/0\nf()", "ZeroDivisionError")]
    [InlineData("import sys; sys.excepthook = lambda t, v, tb: print('hook', t, v, tb.tb_frame.f_code.co_name, tb.tb_lineno, tb.tb_next)\n1/0", "hook")]
    [InlineData("import sys; del sys.excepthook\n1/0", "sys.excepthook is missing")]
    [InlineData("import sys; sys.excepthook = lambda *a: {}[1]\n1/0", "Error in sys.excepthook")]
    [InlineData("import sys; sys.stderr = None\n1/0", "")]
    [InlineData("import sys; sys.stderr = sys.stdout\n1/0", "")]
    [InlineData("import atexit, sys\natexit.register(lambda: print(sys.last_type, sys.last_value, sys.last_traceback.tb_frame.f_code.co_name, sys.last_traceback.tb_lineno))\n1/0", "ZeroDivisionError")]
    public async Task An_exception_that_nobody_catches_shows_the_scripts_frames_only(string code, string expected)
    {
        BlockResult result = await forkServer.SameAsync(code);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.StandardError + (expected == "hook" ? result.StandardOutput : ""), StringComparison.Ordinal);
        Assert.DoesNotContain("glovebox", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x =")]
    [InlineData("def f(:\n  pass")]
    [InlineData("if True:\nprint(1)")]
    [InlineData("if True:\n\tprint(1)\n        print(2)")]
    [InlineData("print('unclosed")]
    [InlineData("print(\"\"\"unclosed")]
    [InlineData("(1 +")]
    [InlineData("return 1")]
    [InlineData("x = 08")]
    [InlineData("print 'old'")]
    [InlineData("a\0b")]
    [InlineData("print(1)\n\0")]
    [InlineData("'\\N{no such name}'")]
    [InlineData("from __future__ import braces")]
    [InlineData("x = 1\nfrom __future__ import annotations")]
    [InlineData("await x")]
    [InlineData("f'{1 +}'")]
    [InlineData("€ = 1")]
    [InlineData("# coding: no-such-encoding")]
    [InlineData("# coding: ascii\nprint('grün')")]
    [InlineData("print(1)\nprint(2)\n  print(3)")]
    [InlineData("import sys; sys.excepthook = print\nx =")]
    [InlineData("assert (1, 'always true')\nprint('is' is 'is')")]
    public async Task What_is_no_Python_is_said_in_the_interpreters_words(string code) => await forkServer.SameAsync(code);

    [Theory]
    [InlineData("import sys; print(sys._getframe().f_back)")]
    [InlineData("import sys; sys._getframe(1)")]
    [InlineData("import inspect; print(len(inspect.stack()), inspect.stack()[-1].function, inspect.currentframe().f_back)")]
    [InlineData("import traceback\ndef f(): traceback.print_stack()\nf()")]
    [InlineData("import traceback; print(traceback.format_stack())")]
    [InlineData("import sys, threading; print([f.f_back for f in sys._current_frames().values()])")]
    [InlineData("import sys; print(sys._getframe().f_code.co_name, sys._getframe().f_code.co_filename, sys._getframe().f_globals is globals(), sys._getframe().f_locals is globals())")]
    [InlineData("import faulthandler; faulthandler.dump_traceback()")]
    [InlineData("import faulthandler; faulthandler.dump_traceback(all_threads=False)")]
    [InlineData("import warnings; warnings.warn('careful')")]
    [InlineData("import warnings; warnings.warn('careful', stacklevel=2)")]
    [InlineData("import warnings; warnings.warn('careful', stacklevel=9)")]
    [InlineData("import warnings\ndef f(): warnings.warn('old', DeprecationWarning, stacklevel=2)\nf()\nf()")]
    [InlineData("import warnings; warnings.simplefilter('error'); warnings.warn('careful')")]
    [InlineData("import logging; logging.basicConfig(format='%(filename)s %(lineno)d %(funcName)s %(stack_info)s'); logging.warning('x', stack_info=True); logging.warning('x', stacklevel=5)")]
    [InlineData("import sys\ndef depth():\n    try: return depth() + 1\n    except RecursionError: return 1\nsys.setrecursionlimit(200); print(depth())")]
    [InlineData("def depth():\n    try: return depth() + 1\n    except RecursionError: return 1\nprint(depth())")]
    [InlineData("import sys; print([type(o) for o in (sys.exc_info())])\ntry: 1/0\nexcept Exception as e: print(e.__context__, e.__traceback__.tb_frame.f_back)")]
    [InlineData("import inspect\ndef f(): pass\nprint(inspect.getsource(f), inspect.getsourcefile(f), inspect.getmodule(f).__name__)")]
    [InlineData("import sys\nsys.settrace(lambda f, e, a: print(e, f.f_code.co_name))\ndef f(): pass\nf()")]
    [InlineData("import sys\nsys.setprofile(lambda f, e, a: print(e, f.f_code.co_name, getattr(a, '__name__', None)))\ndef f(): pass\nf()\n")]
    [InlineData("import tracemalloc; tracemalloc.start(25); x = object(); print(len(tracemalloc.get_object_traceback([]) or ()), [str(f) for f in tracemalloc.get_object_traceback(x)])")]
    [InlineData("import cProfile; p = cProfile.Profile(); p.enable(); (lambda: 1)(); p.disable(); print(sorted(str(e.code) for e in p.getstats()))")]
    [InlineData("breakpoint()\nprint(1)")]
    [InlineData("def f(): breakpoint()\nf()")]
    public async Task The_stack_begins_with_the_script(string code) => await forkServer.SameAsync(code);

    [Theory]
    [InlineData("import threading\ndef f(): 1/0\nt = threading.Thread(target=f); t.start(); t.join(); print('on')")]
    [InlineData("import threading, traceback\nt = threading.Thread(target=traceback.print_stack); t.start(); t.join()")]
    [InlineData("import threading\nthreading.excepthook = lambda a: print('hook', a.exc_type, a.thread.name)\nt = threading.Thread(target=lambda: 1/0); t.start(); t.join()")]
    [InlineData("import _thread, time, threading\nd = threading.Event()\ndef f():\n    try: 1/0\n    finally: d.set()\n_thread.start_new_thread(f, ()); d.wait(); time.sleep(0.5)")]
    [InlineData("from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit(lambda: 1/0).result()")]
    [InlineData("import asyncio\nasync def f(): 1/0\nasyncio.run(f())")]
    [InlineData("import asyncio\nasync def f(): 1/0\nasync def main(): asyncio.create_task(f()); await asyncio.sleep(0)\nasyncio.run(main(), debug=False)")]
    [InlineData("class C:\n    def __del__(self): 1/0\ndel (lambda c: c)(C()).x")]
    [InlineData("import atexit\natexit.register(lambda: 1/0); print('end')")]
    [InlineData("import weakref\nclass C: pass\nc = C(); r = weakref.ref(c, lambda _: 1/0); del c")]
    [InlineData("import signal, os\nsignal.signal(signal.SIGUSR1, lambda *a: 1/0)\nos.kill(os.getpid(), signal.SIGUSR1)")]
    public async Task An_exception_elsewhere_than_in_the_main_program_shows_no_frames_of_ours(string code)
    {
        BlockResult result = await forkServer.SameAsync("import re, sys\n" + code);
        Assert.DoesNotContain("glovebox", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crash_with_the_fault_handler_on_shows_the_scripts_frames()
    {
        const string code = "import faulthandler, os; faulthandler.enable()\ndef f(): os.abort()\nf()";
        BlockResult result = await forkServer.ForkedAsync(code);
        Assert.Equal((134, TerminationReason.Signaled), (result.ExitCode, result.Termination));
        Assert.Contains("File \"/workspace/x.py\", line 3 in f", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("glovebox", result.StandardError, StringComparison.Ordinal);

        // The addresses of threads differ; so may the modules that are counted.
        Assert.Equal(Frames(await forkServer.PlainAsync(code)), Frames(result));

        static IEnumerable<string> Frames(BlockResult result) => result.StandardError.Split('\n').Where(l => l.StartsWith("  File", StringComparison.Ordinal));
    }
}
