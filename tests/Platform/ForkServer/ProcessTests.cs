namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>A script as a process: its signals, its descriptors, its limits, and the processes that it starts.</summary>
public sealed class ProcessTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    [Theory]
    [InlineData("print([(s.name, str(signal.getsignal(s))) for s in sorted(signal.valid_signals()) if hasattr(s, 'name')])")]
    [InlineData("print([int(s) for s in sorted(signal.valid_signals()) if signal.getsignal(s) not in (signal.SIG_DFL, None)])")]
    [InlineData("print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending(), signal.set_wakeup_fd(-1), signal.getitimer(signal.ITIMER_REAL))")]
    [InlineData("print([l for l in open('/proc/self/status') if l.startswith(('Sig', 'Shd'))])")]
    [InlineData("signal.signal(signal.SIGALRM, lambda n, f: print('alarm', n, f.f_code.co_name)); signal.setitimer(signal.ITIMER_REAL, 0.01); signal.pause()")]
    [InlineData("signal.signal(signal.SIGCHLD, lambda *a: print('child')); os.spawnlp(os.P_WAIT, 'true', 'true')")]
    [InlineData("print(os.waitstatus_to_exitcode(os.system('exit 7')), os.system('kill -9 $$'))")]
    [InlineData("r, w = os.pipe(); os.close(r); os.write(w, b'x')")]
    [InlineData("signal.signal(signal.SIGPIPE, signal.SIG_DFL); r, w = os.pipe(); os.close(r); os.write(w, b'x')")]
    [InlineData("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); open('big', 'wb', 0).write(b'x' * 10); open('big', 'ab', 0).write(b'x')")]
    [InlineData("import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass")]
    public async Task Signals_are_those_of_a_fresh_interpreter(string code) => await forkServer.SameAsync("import os, signal\n" + code);

    [Theory]
    [InlineData("HUP", 129)]
    [InlineData("QUIT", 131)]
    [InlineData("TERM", 143)]
    [InlineData("USR1", 138)]
    [InlineData("ALRM", 142)]
    [InlineData("XCPU", 152)]
    [InlineData("KILL", 137)]
    [InlineData("SEGV", 139)]
    [InlineData("SYS", 159)]
    [InlineData("RTMIN", 162)]
    public async Task A_signal_ends_a_script_at_once(string signal, int exitCode)
    {
        BlockResult result = await forkServer.SameAsync(
            $"import atexit, os, signal, time; atexit.register(print, 'never'); print('before'); os.kill(os.getpid(), signal.SIG{signal}); time.sleep(600)");
        Assert.Equal((exitCode, TerminationReason.Signaled, "before\n"), (result.ExitCode, result.Termination, result.Output));
    }

    [Theory]
    [InlineData("CHLD")]
    [InlineData("WINCH")]
    [InlineData("URG")]
    [InlineData("CONT")]
    [InlineData("PIPE")]
    [InlineData("XFSZ")]
    public async Task A_signal_that_is_ignored_by_default_is_ignored(string signal) =>
        Assert.Equal("on\n", (await forkServer.SameAsync($"import os, signal; os.kill(os.getpid(), signal.SIG{signal}); print('on')")).Output);

    [Theory]
    [InlineData("print(sorted(os.listdir('/proc/self/fd')))")]
    [InlineData("print([os.readlink(f'/proc/self/fd/{fd}').split(':')[0] for fd in range(3)], [os.get_inheritable(fd) for fd in range(3)], [os.get_blocking(fd) for fd in range(3)])")]
    [InlineData("import fcntl; print([fcntl.fcntl(fd, fcntl.F_GETFL) & 0xfff for fd in range(3)], [os.isatty(fd) for fd in range(3)])")]
    [InlineData("print(os.open('.', os.O_RDONLY), os.pipe(), os.dup(1))")]
    [InlineData("import resource; print([(n, resource.getrlimit(getattr(resource, n))) for n in dir(resource) if n.startswith('RLIMIT_')])")]
    [InlineData("print(os.umask(0o22), os.getcwd(), os.getppid(), os.nice(0), os.sched_getaffinity(0) == os.sched_getaffinity(os.getppid()))")]
    [InlineData("print(os.getpid() == os.getsid(0) == os.getpgrp() == os.getpgid(0))")]
    [InlineData("print(os.getresuid(), os.getresgid(), os.getgroups(), os.getlogin() if os.isatty(0) else '')")]
    [InlineData("print([l.split() for l in open('/proc/self/status') if l.split(':')[0] in ('Cap' + c for c in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb')) or l.startswith(('NoNewPrivs', 'Seccomp:', 'Threads', 'Uid', 'Gid', 'Umask', 'Name', 'State', 'TracerPid'))])")]
    [InlineData("print(open('/proc/self/oom_score_adj').read(), open('/proc/self/cgroup').read(), open('/proc/self/timerslack_ns').read(), open('/proc/self/personality').read())")]
    [InlineData("import ctypes; print([ctypes.CDLL(None).prctl(option, 0, 0, 0, 0) for option in (3, 7, 21, 23, 27, 39)])")]
    [InlineData("try: open('/dev/tty')\nexcept OSError as e: print(e)")]
    [InlineData("print(os.stat('/proc/self').st_uid == os.getuid(), os.access('/proc/self/mem', os.R_OK), len(open('/proc/self/environ').read()) > 0)")]
    [InlineData("print(os.times().children_user, os.times().children_system, len(os.listdir('/proc/self/task')))")]
    public async Task The_process_is_as_any_other(string code) => await forkServer.SameAsync("import os\n" + code);

    [Theory]
    [InlineData("if os.fork() == 0: print('child'); os._exit(3)\nprint(os.waitstatus_to_exitcode(os.wait()[1]))", "child\n3\n")]
    [InlineData("if os.fork() == 0: print('child'); raise SystemExit(4)\nprint(os.waitstatus_to_exitcode(os.wait()[1]))", "child\n4\n")]
    [InlineData("pid = os.fork()\nif pid: print(os.waitstatus_to_exitcode(os.wait()[1]))\nelse: print('child')", "child\n0\n")]
    [InlineData("pid = os.fork()\nif pid: print(os.waitstatus_to_exitcode(os.wait()[1]))\nelse: 1/0", "1\n")]
    [InlineData("import atexit; atexit.register(lambda: print('bye', os.getpid() == parent)); parent = os.getpid()\nif os.fork(): os.wait()", "bye False\nbye True\n")]
    [InlineData("import subprocess; print(subprocess.run(['sh', '-c', 'echo $0 $1; exit 5', 'a', 'b'], capture_output=True))", "CompletedProcess(args=['sh', '-c', 'echo $0 $1; exit 5', 'a', 'b'], returncode=5, stdout=b'a b\\n', stderr=b'')\n")]
    [InlineData("import subprocess, sys; print(subprocess.check_output([sys.executable, '-c', 'import sys; print(sys.argv, sys.stdin.read())', 'x'], input='in', text=True))", "['-c', 'x'] in\n\n")]
    [InlineData("import subprocess; subprocess.run('echo out; echo err >&2', shell=True)", "out\n")]
    [InlineData("import subprocess; subprocess.run(['no such program'])", "")]
    [InlineData("import subprocess\ntry: subprocess.run(['sleep', '600'], timeout=0.05)\nexcept subprocess.TimeoutExpired as e: print(e.cmd)", "['sleep', '600']\n")]
    [InlineData("import subprocess; p = subprocess.Popen(['cat'], stdin=-1, stdout=-1); print(p.communicate(b'x' * 200000)[0] == b'x' * 200000)", "True\n")]
    [InlineData("import subprocess; print(subprocess.run('yes | head -n 1', shell=True, capture_output=True))", "CompletedProcess(args='yes | head -n 1', returncode=0, stdout=b'y\\n', stderr=b'')\n")]
    [InlineData("import subprocess; print(subprocess.run('exit 3', shell=True, preexec_fn=lambda: os.setpgid(0, 0), start_new_session=False).returncode)", "3\n")]
    [InlineData("print(os.popen('echo popen').read(), os.posix_spawn('/bin/true', ['true'], {}) > 0, os.wait()[1])", "popen\n True 0\n")]
    [InlineData("import pty; print(pty.spawn(['echo', 'pty']))", "pty\r\n0\n")]
    [InlineData("import asyncio\nasync def main():\n    p = await asyncio.create_subprocess_exec('sh', '-c', 'echo hi; exit 3', stdout=-1)\n    print(await p.communicate(), p.returncode)\nasyncio.run(main())", "(b'hi\\n', None) 3\n")]
    [InlineData("import asyncio\nasync def main():\n    loop = asyncio.get_running_loop(); e = asyncio.Event()\n    loop.add_signal_handler(10, e.set); os.kill(os.getpid(), 10)\n    await e.wait(); print('signal', await asyncio.gather(*(asyncio.sleep(0, i) for i in range(3))), await asyncio.to_thread(lambda: 4))\nasyncio.run(main())", "signal [0, 1, 2] 4\n")]
    [InlineData("import asyncio\nasync def main():\n    s = await asyncio.start_server(lambda r, w: (w.write(b'hello'), w.close()), '127.0.0.1', 0)\n    r, w = await asyncio.open_connection(*s.sockets[0].getsockname()); print(await r.read()); w.close()\nasyncio.run(main())", "b'hello'\n")]
    public async Task Processes_that_a_script_starts_are_as_elsewhere(string code, string output) =>
        Assert.Equal(output, (await forkServer.SameAsync("import os\n" + code)).StandardOutput);

    /// <summary>Spawned interpreters read the script again, and pickles name its classes.</summary>
    [Theory]
    [InlineData("fork")]
    [InlineData("spawn")]
    [InlineData("forkserver")]
    public async Task Multiprocessing_works_in_all_its_ways(string method)
    {
        string code = $$"""
            import multiprocessing as mp, os, sys
            from concurrent.futures import ProcessPoolExecutor
            class Point:
                def __init__(self, x): self.x = x
            def double(p): return Point(p.x * 2)
            def talk(queue, lock, value, event):
                with lock: value.value += 1
                event.wait(); queue.put((__name__, mp.current_process().name, Point(3)))
            def fail(): 1/0
            if __name__ == '__main__':
                mp.set_start_method('{{method}}')
                with mp.Pool(2) as pool: print([p.x for p in pool.map(double, map(Point, range(4)))])
                queue, lock, value, event = mp.Queue(), mp.Lock(), mp.Value('i', 0), mp.Event()
                child = mp.Process(target=talk, args=(queue, lock, value, event), name='talker'); child.start(); event.set()
                name, process, point = queue.get(); child.join()
                print(name, process, point.x, type(point) is Point, value.value, child.exitcode)
                bad = mp.Process(target=fail); bad.start(); bad.join(); print(bad.exitcode)
                with ProcessPoolExecutor(1, mp.get_context('{{method}}')) as pool: print(pool.submit(double, Point(5)).result().x)
                with mp.Manager() as manager: print(manager.list([1, 2])[1])
            """;
        BlockResult plain = await forkServer.PlainAsync(code), forked = await forkServer.ForkedAsync(code);
        string name = method == "fork" ? "__main__" : "__mp_main__";
        Assert.Equal($"[0, 2, 4, 6]\n{name} talker 3 True 1 0\n1\n10\n2\n", forked.StandardOutput);
        Assert.Equal(plain.StandardOutput, forked.StandardOutput);
        Assert.Equal(0, forked.ExitCode);
        Assert.Contains("ZeroDivisionError", forked.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("glovebox", forked.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class C:\n    def __init__(self): self.x = 1\nprint(pickle.loads(pickle.dumps(C())).x, C, pickle.dumps(C).find(b'__main__') > 0)")]
    [InlineData("import enum\nclass E(enum.Enum): A = 1\nprint(pickle.loads(pickle.dumps(E.A)) is E.A)")]
    [InlineData("import collections\nP = collections.namedtuple('P', 'x y'); print(pickle.loads(pickle.dumps(P(1, 2))))")]
    [InlineData("import dataclasses\n@dataclasses.dataclass\nclass D: x: int\nprint(pickle.loads(pickle.dumps(D(1))), D.__module__)")]
    [InlineData("def f(): pass\nprint(pickle.loads(pickle.dumps(f)) is f)")]
    [InlineData("import re; print(pickle.loads(pickle.dumps(re.compile('x'))))")]
    [InlineData("import socket, signal, struct; print([pickle.loads(pickle.dumps(o)) for o in (socket.AF_INET, signal.SIGINT, struct.error, socket.timeout)])")]
    [InlineData("print(pickle.dumps(lambda: 1))")]
    [InlineData("import typing\nclass T(typing.NamedTuple):\n    x: int\nprint(typing.get_type_hints(T), __annotations__)\ny: int = 1\nprint(__annotations__)")]
    [InlineData("import doctest\ndef f():\n    '''\n    >>> f()\n    1\n    '''\n    return 2\nprint(doctest.testmod())")]
    [InlineData("import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertEqual(1, 1)\nunittest.main(argv=['x'], exit=False, verbosity=0, testRunner=unittest.TextTestRunner(stream=open('/dev/null', 'w')))\nprint('done')")]
    public async Task What_is_defined_in_a_script_belongs_to_the_main_module(string code) => await forkServer.SameAsync("import pickle\n" + code);

    [Fact]
    public async Task Blocks_have_processes_of_their_own()
    {
        string pid = (await forkServer.ForkedAsync("import os; print(os.getpid())")).Output;
        Assert.NotEqual(pid, (await forkServer.ForkedAsync("import os; print(os.getpid())")).Output);
        Assert.NotEqual("1\n", pid);
    }

    [Fact]
    public async Task A_script_that_cannot_be_opened_is_said_in_the_interpreters_words()
    {
        await forkServer.Session.BashAsync("mkdir locked; chmod 0 locked");
        if (!Environment.IsPrivilegedProcess)
        {
            // The host's user is the guest's: it cannot write the script at all.
            Assert.Equal(TerminationReason.NotStarted, (await forkServer.ForkedAsync("print(1)", "locked/x.py")).Termination);
            return;
        }

        BlockResult result = await forkServer.SameAsync("print(1)", "locked/x.py");
        Assert.Equal((2, "/usr/bin/python3: can't open file '/workspace/locked/x.py': [Errno 13] Permission denied\n"), (result.ExitCode, result.Output));
    }
}
