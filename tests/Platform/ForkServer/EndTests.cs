namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>What scripts leave to be done when they end: files to flush, callbacks, threads, streams.</summary>
public sealed class EndTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    public static TheoryData<string> Scripts =>
    [
        .. """"
            raise KeyboardInterrupt
            ---
            1/0
            ---
            f = open('out.txt', 'w'); f.write('kept')
            +++
            print(open('out.txt').read())
            ---
            f = open('out2.txt', 'w'); f.write('kept in cycle'); l = [f]; l.append(l); del f
            +++
            print(open('out2.txt').read())
            ---
            def g():
                with open('out3.txt', 'w') as f:
                    f.write('in generator')
                    yield 1
                print('left')
            i = g(); next(i)
            +++
            print(open('out3.txt').read())
            ---
            def g():
                try: yield 1
                finally: print('finally')
            i = g(); next(i)
            ---
            import sys
            def g():
                try: yield 1
                finally: print('finally', file=sys.stderr)
            l = [g()]; next(l[0]); l.append(l)
            ---
            import os
            os.kept = open('out4.txt', 'w'); os.kept.write('on an old module')
            +++
            print(open('out4.txt').read())
            ---
            import sys
            sys.kept = open('out5.txt', 'w'); sys.kept.write('on sys')
            +++
            print(open('out5.txt').read())
            ---
            import builtins
            builtins.kept = open('out6.txt', 'w'); builtins.kept.write('on builtins')
            +++
            print(open('out6.txt').read())
            ---
            import weakref
            class C: pass
            c = C()
            weakref.finalize(c, print, 'finalized')
            ---
            import weakref
            class C: pass
            c = C()
            r = weakref.ref(c, lambda r: print('gone'))
            ---
            import weakref
            class C: pass
            r = weakref.ref(C, lambda r: print('class gone'))
            ---
            import weakref
            class C: pass
            c = C()
            f = weakref.finalize(c, print, 'finalized'); f.atexit = False
            print('end')
            ---
            import weakref
            class C: pass
            d = weakref.WeakValueDictionary(); c = C(); d['a'] = c
            s = weakref.WeakSet([c])
            print(len(d), len(s))
            ---
            import atexit
            def f(): 1/0
            atexit.register(print, 'after'); atexit.register(f); atexit.register(print, 'before')
            ---
            import atexit
            atexit.register(lambda: atexit.register(print, 'registered late'))
            ---
            import atexit
            atexit.register(lambda: open('late.txt', 'w').write('x'))
            ---
            import atexit, sys
            atexit.register(sys.exit, 3)
            ---
            import atexit, threading
            def f():
                t = threading.Thread(target=print, args=('in thread',))
                t.start(); t.join()
            atexit.register(f)
            ---
            import logging
            logging.basicConfig(); logging.warning('w')
            ---
            import logging, logging.handlers
            target = logging.StreamHandler()
            h = logging.handlers.MemoryHandler(100, target=target)
            logging.getLogger().addHandler(h); logging.warning('buffered')
            ---
            import logging
            h = logging.FileHandler('log.txt', 'w'); logging.getLogger().addHandler(h); logging.error('in file')
            +++
            print(open('log.txt').read())
            ---
            import tempfile
            d = tempfile.TemporaryDirectory()
            open('where.txt', 'w').write(d.name)
            +++
            import os; print(os.path.exists(open('where.txt').read()))
            +++
            import os; print(os.path.exists(open('where.txt').read()))
            ---
            import tempfile
            f = tempfile.NamedTemporaryFile('w'); f.write('x')
            open('where.txt', 'w').write(f.name)
            +++
            import os; print(os.path.exists(open('where.txt').read()))
            ---
            import warnings; warnings.simplefilter('always')
            f = open('out7.txt', 'w'); f.write('x')
            ---
            import warnings; warnings.simplefilter('error')
            f = open('out7.txt', 'w')
            def use(): f
            ---
            async def f(): pass
            c = f()
            ---
            async def f():
                yield 1
            g = f()
            g.__anext__()
            ---
            import asyncio
            async def g():
                try:
                    yield 1
                finally: print('closed')
            async def main():
                global i
                i = g(); await i.__anext__()
            asyncio.run(main())
            ---
            import sys, threading
            threading.Thread(target=lambda: sys.exit(3)).start()
            ---
            import sys, io
            sys.stdout = io.StringIO(); print('lost')
            ---
            import sys, io
            sys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'utf-8'); print('wrapped')
            ---
            import sys, io
            sys.stdout = io.TextIOWrapper(open(1, 'wb', closefd=False), 'utf-8'); print('wrapped')
            ---
            import sys
            class Tee:
                def write(self, t): sys.__stdout__.write('[' + t.strip() + ']')
                def flush(self): sys.__stdout__.write('flushed\n')
            sys.stdout = Tee(); print('x')
            ---
            import sys
            class Tee:
                def write(self, t): pass
                def flush(self): 1/0
            sys.stdout = Tee(); print('x')
            ---
            import sys
            class Tee:
                closed = True
                def write(self, t): pass
                def flush(self): 1/0
            sys.stdout = Tee(); print('x')
            ---
            import sys
            sys.stdout.close(); print('x')
            ---
            import os, sys
            sys.stdout.reconfigure(write_through=False, line_buffering=False)
            sys.stdout = open(1, 'w', closefd=False); print('buffered'); os.close(1)
            ---
            import os, sys
            b = open('/dev/full', 'w'); b.write('x')
            ---
            import os, sys
            os.dup2(os.open('/dev/full', os.O_WRONLY), 1)
            sys.stdout.write('x')
            ---
            import os, sys
            sys.stdout = open('/dev/full', 'w'); print('x')
            ---
            import os, sys
            sys.stdout = sys.stderr = None
            ---
            import sys
            del sys.stdout
            ---
            import os, signal
            os.kill(os.getpid(), signal.SIGTERM)
            ---
            import signal, sys
            signal.signal(signal.SIGTERM, lambda *a: sys.exit(7)); signal.raise_signal(signal.SIGTERM)
            ---
            import sqlite3, os
            c = sqlite3.connect('db.sqlite'); c.execute('drop table if exists t'); c.execute('create table t(x)'); c.commit()
            c.execute('insert into t values (1)')
            +++
            import sqlite3, os
            c = sqlite3.connect('db.sqlite')
            print(c.execute('select * from t').fetchall(), sorted(n for n in os.listdir('.') if n.startswith('db')))
            ---
            from concurrent.futures import ThreadPoolExecutor
            p = ThreadPoolExecutor(2); f = p.submit(print, 'pooled')
            ---
            from concurrent.futures import ThreadPoolExecutor
            import time
            p = ThreadPoolExecutor(2)
            for i in range(4): p.submit(lambda i=i: (time.sleep(0.05), open('p%d' % i, 'w').write('x')))
            +++
            import os; print(sorted(n for n in os.listdir('.') if n in ('p0','p1','p2','p3')))
            ---
            import gc
            gc.callbacks.append(lambda p, i: print(p, i['generation']))
            ---
            import gc; gc.set_debug(gc.DEBUG_UNCOLLECTABLE); gc.garbage.append(1)
            ---
            import gc, warnings; warnings.simplefilter('always'); gc.garbage.append(object())
            ---
            class M(type):
                def __getattribute__(cls, n): print('asked', n) if n.startswith('__') else None; return type.__getattribute__(cls, n)
                def __eq__(cls, other): print('compared'); return cls is other
                def __hash__(cls): print('hashed'); return 1
                def __instancecheck__(cls, o): print('checked'); return False
            class C(metaclass=M):
                def __getattribute__(self, n): print('asked for', n); return object.__getattribute__(self, n)
            c = C()
            l = [c]
            ---
            import ctypes
            libc = ctypes.CDLL(None); libc.printf(b'from C')
            ---
            import ctypes
            f = ctypes.CFUNCTYPE(None)(lambda: None)
            print('end')
            ---
            import sys
            sys.modules['fake'] = 1
            class L:
                def __getattr__(self, n): print('asked', n); raise AttributeError
            sys.modules['lazy'] = L()
            ---
            import multiprocessing as m
            if __name__ == '__main__':
                p = m.Pool(2); print(p.map(abs, [-1, -2]))
            ---
            import multiprocessing as m
            if __name__ == '__main__':
                q = m.Queue(); q.put(1); p = m.Process(target=print, args=('child',)); p.start()
            ---
            import mmap
            f = open('m.bin', 'wb+'); f.write(b'0' * 4096); f.flush(); m = mmap.mmap(f.fileno(), 4096); m[0:3] = b'abc'
            +++
            print(open('m.bin', 'rb').read(4))
            ---
            import gzip
            f = gzip.open('z.gz', 'wb'); f.write(b'data' * 100)
            +++
            import gzip; print(gzip.open('z.gz').read()[:8])
            ---
            import zipfile
            z = zipfile.ZipFile('z.zip', 'w'); z.writestr('a', 'b')
            +++
            import zipfile; print(zipfile.ZipFile('z.zip').namelist())
            ---
            import csv
            w = csv.writer(open('c.csv', 'w')); w.writerow([1, 2])
            +++
            print(open('c.csv').read())
            ---
            import shelve
            s = shelve.open('sh', 'n'); s['a'] = [1]
            +++
            import shelve; print(shelve.open('sh')['a'])
            ---
            import contextlib
            @contextlib.contextmanager
            def m():
                yield
                print('exited')
            c = m(); c.__enter__()
            ---
            import sys
            print('no newline', end='')
            sys.stderr.write('no newline')
            ---
            import sys; sys.stdout.write('x' * 100000)
            ---
            print('x' * 10, flush=False); raise SystemExit(120)
            ---
            import pickle, json, re, random, math, datetime, collections, itertools, functools, string, decimal
            print(json.dumps({'a': 1}), re.sub('a', 'b', 'aaa'), math.pi)
            ---
            import sys
            sys.addaudithook(lambda e, a: None)
            print('end')
            ---
            import os
            print('x'); os.close(2)
            ---
            import os
            os.close(1)
            ---
            import resource
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
            print('end')
            """".Split("\n---\n"),
    ];

    [Theory]
    [MemberData(nameof(Scripts))]
    public Task The_end_of_a_script_shows_what_it_shows_in_a_fresh_interpreter(string scripts) =>
        forkServer.SameInTurnAsync(scripts.Split("\n+++\n"));
}
