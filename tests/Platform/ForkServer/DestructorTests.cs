namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>What scripts leave to be destroyed when they end, in the interpreter's order.</summary>
public sealed class DestructorTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    public static TheoryData<string> Scripts =>
    [
        .. """"
            class C:
                def __del__(self): print('deleted')
            c = C()
            ---
            class C:
                def __init__(self): self.me = self
                def __del__(self): print('deleted')
            c = C()
            ---
            class C:
                __slots__ = ()
                def __del__(self): print('deleted')
            c = C()
            ---
            class C:
                __slots__ = ()
                def __del__(self): print('deleted')
            import builtins; builtins.kept = C()
            ---
            import os
            class C:
                def __del__(self): print('deleted', os is not None and os.getpid() > 0, sys is None)
            import sys
            c = C()
            ---
            open('helper1.py', 'w').write('''
            import os, json
            class C:
                def __init__(self, n): self.n = n
                def __del__(self): print('deleted', self.n, os, json is None, __name__)
            c = C('in module')
            _c = C('private')
            ''')
            import helper1
            d = helper1.C('in main')
            ---
            open('helper2.py', 'w').write("class C:\n    def __del__(self):\n        import os, string; print('imported', os.sep)\n")
            import helper2
            d = helper2.C()
            ---
            import os
            class C:
                def __del__(self): os_write(1, b'deleted late\n')
            os_write = os.write
            os.kept = C()
            ---
            import os, sys
            class C:
                def __del__(self): w(1, b'deleted late\n')
            w = os.write
            sys.kept = C()
            ---
            import os, sys
            class C:
                def __del__(self): w(1, b'deleted late\n')
            w = os.write
            sys.excepthook = lambda *a, c=C(): None
            ---
            import atexit
            class C:
                def __del__(self): print('callback deleted')
                def __call__(self): print('called')
            atexit.register(C())
            ---
            import atexit
            def f():
                global c
                c = C()
            class C:
                def __del__(self): print('made at the end, deleted')
            atexit.register(f)
            ---
            import threading, time
            def f():
                time.sleep(0.2); print('thread')
                class C:
                    def __del__(self): print('deleted')
                global c
                c = C()
            threading.Thread(target=f).start()
            ---
            import threading, time
            class C:
                def __del__(self): print('deleted')
            def f():
                c = C()
                time.sleep(100)
            threading.Thread(target=f, daemon=True).start()
            time.sleep(0.1)
            ---
            import _thread, time
            class C:
                def __del__(self): print('deleted')
            def f(c): time.sleep(100)
            _thread.start_new_thread(f, (C(),))
            time.sleep(0.1)
            ---
            class C:
                def __del__(self): 1/0
            c = C()
            ---
            class C:
                def __del__(self): raise SystemExit(4)
            c = C()
            ---
            class C:
                def __del__(self): raise KeyboardInterrupt
            c = C()
            ---
            class C:
                def __init__(self): self.me = self
                def __del__(self): no_such_name
            c = C()
            ---
            import os
            class C:
                def __del__(self): os._exit(9)
            c = C()
            ---
            import sys
            class C:
                def __del__(self): sys.exit(3)
            c = C()
            ---
            import sys
            sys.stdout.close()
            class C:
                def __del__(self): print('deleted')
            c = C()
            ---
            import signal
            class H:
                def __call__(self, *a): pass
                def __del__(self): print('handler deleted')
            signal.signal(signal.SIGUSR1, H())
            ---
            import gc
            class C:
                def __init__(self): self.me = self
                def __del__(self): print('deleted')
            gc.disable(); C()
            ---
            import gc
            class C:
                def __init__(self): self.me = self
                def __del__(self): print('deleted')
            gc.disable(); c = C()
            import os; os.kept = c
            ---
            import sys
            class C:
                def __del__(self): print(sys.is_finalizing(), sys.modules.get('sys') is None)
            c = C()
            ---
            import traceback
            class C:
                def __del__(self): traceback.print_stack()
            c = C()
            ---
            import sys
            w = sys.stdout.write
            class C:
                def __del__(self, sys=sys, print=print):
                    f = sys._getframe(); n = 0
                    while f: n += 1; f = f.f_back
                    print('frames', n)
            c = C(); c.me = c
            import os; os.kept = C()
            ---
            class M(type):
                def __del__(cls): print('class deleted')
            class C(metaclass=M): pass
            ---
            import sys
            del sys.modules['os']
            class C:
                def __del__(self): print('deleted')
            c = C()
            ---
            import sys
            sys.modules.clear()
            class C:
                def __del__(self): print('deleted')
            c = C()
            ---
            import sys
            sys.modules = {}
            class C:
                def __del__(self): print('deleted')
            c = C()
            ---
            import sys
            class C:
                def __del__(self): print('deleted')
            sys.modules['x'] = C()
            ---
            import __main__
            class C:
                def __del__(self): print('deleted')
            c = C(); me = __main__
            ---
            import sys, os
            class C:
                def __del__(self): print('deleted', os)
            c = C(); os.main = sys.modules['__main__']
            ---
            import sys
            sys.settrace(lambda *a: None)
            class C:
                def __del__(self): print('deleted')
            c = C()
            ---
            import sys
            def t(f, e, a):
                if e in ('call', 'return'): print(e, f.f_code.co_name)
                return t
            sys.settrace(t)
            class C:
                def __del__(self): pass
            c = C()
            ---
            import os
            if os.fork() == 0:
                class C:
                    def __del__(self): print('child deleted')
                c = C()
            else: os.wait(); print('parent')
            ---
            import os
            class C:
                def __del__(self): print('deleted', os.getpid() == parent)
            c = C(); parent = os.getpid()
            if os.fork(): os.wait()
            ---
            import threading
            l = threading.local()
            class C:
                def __del__(self): print('deleted')
            l.c = C()
            ---
            import contextvars
            class C:
                def __del__(self): print('deleted')
            v = contextvars.ContextVar('v'); v.set(C())
            ---
            import functools
            class C:
                def __del__(self): print('deleted')
            @functools.lru_cache
            def f(): return C()
            f()
            ---
            import codecs
            class S:
                def __call__(self, n): return None
                def __del__(self): w(1, b'search deleted\n')
            from os import write as w
            codecs.register(S())
            ---
            import copyreg
            class C:
                def __del__(self): w(1, b'deleted\n')
            from os import write as w
            copyreg.dispatch_table[C] = C()
            ---
            import linecache
            class C(list):
                def __del__(self): w(1, b'deleted\n')
            from os import write as w
            linecache.cache['a'] = C()
            ---
            import os
            class C(str):
                def __del__(self): w(1, b'deleted\n')
            from os import write as w
            os.environ._data[C('a')] = b'b'
            ---
            x = 1
            def f():
                raise ValueError('x')
            try: f()
            except ValueError as e:
                kept = e
            class C:
                def __del__(self): print('deleted')
            kept.c = C()
            ---
            class C:
                def __del__(self): print('deleted')
            def f():
                c = C()
                raise ValueError
            f()
            ---
            class C:
                def __del__(self): print('deleted')
            def f():
                c = C()
                raise SystemExit(3)
            f()
            ---
            class C:
                def __del__(self): print('deleted')
            def f():
                c = C()
                raise KeyboardInterrupt
            f()
            ---
            class C:
                def __del__(self): print('deleted', self.n)
                def __init__(self, n): self.n = n
            a = C('a'); _b = C('_b'); b = C('b'); __c = C('__c'); d = {'x': C('in dict')}
            ---
            class C:
                def __del__(self): print('deleted', self.n, x, len)
                def __init__(self, n): self.n = n
                def f(self): pass
            a = C('a'); x = 1; _b = C('_b')
            C.self = a
            ---
            import sys
            class C:
                def __del__(self):
                    try: import string; print('imported')
                    except ImportError as e: print(e)
            c = C()
            ---
            class C:
                def __del__(self):
                    try: open('made_at_end.txt', 'w').write('x'); print('made')
                    except Exception as e: print(type(e), e)
            c = C()
            ---
            class C:
                def __del__(self):
                    global kept; kept = self; print('resurrected')
            c = C()
            ---
            import builtins
            class C:
                def __del__(self): w(1, b'deleted\n')
            from os import write as w
            builtins._ = C()
            ---
            import sys
            class C:
                def __del__(self): print('deleted')
            sys.last_value = C(); sys.ps1 = C()
            ---
            import sys
            class C:
                def __del__(self): w(1, b'deleted\n')
                def find_spec(self, *a): return None
            from os import write as w
            sys.meta_path.append(C()); sys.path_hooks.append(C())
            ---
            import types
            m = types.ModuleType('m')
            class C:
                def __del__(self): print('deleted')
            m.c = C(); m.m = m
            ---
            import sys, types
            m = types.ModuleType('m')
            class C:
                def __del__(self): print('deleted')
            m.c = C(); sys.modules['m'] = m
            ---
            import sys
            sys.unraisablehook = lambda a: print('unraisable', a.exc_type.__name__)
            class C:
                def __del__(self): 1/0
            c = C()
            """".Split("\n---\n"),
    ];

    [Theory]
    [MemberData(nameof(Scripts))]
    public Task The_end_of_a_script_shows_what_it_shows_in_a_fresh_interpreter(string scripts) =>
        forkServer.SameInTurnAsync(scripts.Split("\n+++\n"));
}
