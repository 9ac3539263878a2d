using Glovebox.Interpreters;

namespace Glovebox.Tests.Common.Contract.Interpreters;

/// <summary>What a block that has to be killed leaves of the blocks before it.</summary>
public abstract class CheckpointConformance(InterpreterFixture fixture) : IAsyncLifetime
{
    private static readonly CodeExecutionOptions _short = new() { Timeout = TimeSpan.FromSeconds(1) };

    /// <summary>The copy of after the block is never made.</summary>
    private const string NoCopy = "import os, time\nos.register_at_fork(before=lambda: time.sleep(600))";

    private TestContextOfCode Python { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Python = await TestContextOfCode.MakeAsync(fixture.Executor);
        await Python.PrintsAsync("kept = 'earlier'");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Python.Context.CloseAsync();
    }

    [Theory]
    [InlineData("os._exit(1)", 1, TerminationReason.Exited)]
    [InlineData("os._exit(0)", 0, TerminationReason.Exited)]
    [InlineData("os.kill(os.getpid(), 9)", 137, TerminationReason.Signaled)]
    [InlineData("os.abort()", 134, TerminationReason.Signaled)]
    [InlineData("import ctypes\nctypes.string_at(0)", 139, TerminationReason.Signaled)]
    [InlineData("os.closerange(0, 1000)", null, TerminationReason.Exited)]
    public async Task A_block_that_ends_its_interpreter_is_undone(string code, int? exitCode, TerminationReason reason)
    {
        BlockResult result = await Python.RunAsync($"import os\nkept = 'lost'\nprint('so far', flush=True)\n{code}");
        Assert.Equal((1, false, reason), (result.UndoneBlocks, result.StateLost, result.Termination));
        Assert.Equal(exitCode ?? result.ExitCode, result.ExitCode);
        Assert.StartsWith("so far\n", result.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("what earlier blocks defined is kept", result.StandardError, StringComparison.Ordinal);
        Assert.Equal("earlier 1\n", await Python.PrintsAsync($"print(kept, {Python.Context.BlockCount})"));
    }

    [Fact]
    public async Task A_program_whose_first_thread_has_ended_ends_with_the_block_that_started_it()
    {
        const string Start = """
            import os, subprocess, sys, time
            headless = subprocess.Popen([sys.executable, '-c', '''
            import ctypes, os, threading, time
            threading.Thread(target=time.sleep, args=(600,)).start()
            ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)'''])
            while ') Z ' not in open(f'/proc/{headless.pid}/stat').read():
                time.sleep(0.01)
            print(headless.pid, flush=True)
            """;
        string kept = await Python.PrintsAsync(Start);
        Assert.Equal(kept, $"{Assert.Single(await Python.Context.ListProcessesAsync()).Id}\n");
        BlockResult killed = await Python.RunAsync($"{Start}\nos._exit(1)");
        Assert.Equal(1, killed.UndoneBlocks);
        string file = $"'/proc/{killed.StandardOutput.Trim()}'";
        Assert.Equal("False\n", await Python.PrintsAsync($"""
            until = time.monotonic() + 20
            while os.path.exists({file}) and time.monotonic() < until:
                time.sleep(0.01)
            print(os.path.exists({file}))
            """));
        Assert.Equal(kept, $"{Assert.Single(await Python.Context.ListProcessesAsync()).Id}\n");
    }

    [Fact]
    public async Task A_block_that_ignores_interrupts_is_undone()
    {
        BlockResult result = await Python.RunAsync(
            "import signal\nkept = 'lost'\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", _short);
        Assert.Equal((124, TerminationReason.TimedOut, 1, false), (result.ExitCode, result.Termination, result.UndoneBlocks, result.StateLost));
        Assert.Equal("earlier\n", await Python.PrintsAsync("print(kept)"));
    }

    [Fact]
    public async Task An_interrupt_that_a_finalizer_swallows_is_sent_again()
    {
        BlockResult result = await Python.RunAsync(
            "import time\nclass Slow:\n    def __del__(self):\n        time.sleep(600)\nkept = 'new'\nSlow()\nwhile True: pass", _short);
        Assert.Equal((124, TerminationReason.TimedOut, 0), (result.ExitCode, result.Termination, result.UndoneBlocks));
        Assert.Equal("new\n", await Python.PrintsAsync("print(kept)"));
    }

    [Fact]
    public async Task A_block_that_can_be_interrupted_keeps_what_it_defined_and_ends_what_it_started()
    {
        BlockResult result = await Python.RunAsync(
            "import subprocess, time\nkept = 'new'\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\ntime.sleep(600)", _short);
        Assert.Equal((124, TerminationReason.TimedOut, 0), (result.ExitCode, result.Termination, result.UndoneBlocks));
        Assert.Equal("new\n", await Python.PrintsAsync("print(kept)"));
        Assert.Empty(await Python.Context.ListProcessesAsync());
    }

    [Fact]
    public async Task A_block_that_is_undone_takes_along_what_it_started_and_nothing_else()
    {
        await Python.PrintsAsync("import subprocess\nfirst = subprocess.Popen(['sleep', '601'])");
        await Python.PrintsAsync("import time\ntime.sleep(0.05)");
        BlockResult result = await Python.RunAsync(
            "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        os.execvp('sleep', ['sleep', '602'])\n    os._exit(0)\n"
            + "time.sleep(0.1)\nos._exit(1)");
        Assert.Equal(1, result.UndoneBlocks);
        Assert.Equal("sleep 601", Assert.Single(await Python.Context.ListProcessesAsync()).Command);
        Assert.Equal("earlier\n", await Python.PrintsAsync("import os\nos.kill(first.pid, 9)\nprint(kept)"));
    }

    [Fact]
    public async Task A_block_that_stops_itself_is_undone()
    {
        BlockResult result = await Python.RunAsync("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", _short);
        Assert.Equal((124, 1), (result.ExitCode, result.UndoneBlocks));
        Assert.Equal("earlier\n", await Python.PrintsAsync("print(kept)"));
    }

    [Theory]
    [InlineData("os.write(3, b'\\xff' * 4096)")]
    [InlineData("os.write(3, struct.pack('<IBI', 5 + 2, 37, 0) + b'{}')")]
    [InlineData("os.write(3, struct.pack('<IBI', 5 + 4, 66, 0) + b'null')")]
    [InlineData("os.write(3, struct.pack('<IBI', 5 + 9, 66, 0) + b'{\"pid\":1}')")]
    [InlineData("os.write(3, struct.pack('<IBI', 1 << 30, 35, 0))")]
    public async Task A_block_that_forges_what_the_interpreter_says_harms_its_own_context_alone(string code)
    {
        TestContextOfCode other = await TestContextOfCode.MakeAsync(fixture.Executor);
        await other.PrintsAsync("x = 1");
        await Python.RunAsync($"import os, struct\n{code}", _short);
        Assert.Equal("1\n", await other.PrintsAsync("print(x)"));
        Assert.Equal("fine\n", await Python.PrintsAsync("print('fine')"));
        await other.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_display_that_is_no_display_is_no_harm()
    {
        await Python.RunAsync(
            "import os, struct\nfor p in (b'[]', b'{}', b'{\"data\":{\"image/png\":{}}}', b'{\"data\":{\"text/plain\":[1]},\"id\":5}'):\n"
            + "    os.write(3, struct.pack('<IBI', 5 + len(p), 35, 0) + p)");
        Assert.Equal("earlier\n", await Python.PrintsAsync("print(kept)"));
    }

    [Fact]
    public async Task Without_checkpoints_the_state_is_lost_and_that_is_said()
    {
        InterpreterCodeExecutor executor = fixture.Create(o => o.Checkpoints = 0);
        await using (executor)
        {
            TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
            await python.PrintsAsync("kept = 1");
            BlockResult result = await python.RunAsync("import os\nos._exit(1)");
            Assert.Equal((0, true), (result.UndoneBlocks, result.StateLost));
            result = await python.RunAsync("kept");
            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith(
                "The interpreter is a new one: what earlier blocks defined and imported is gone.\n", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Blocks_can_be_rolled_back()
    {
        foreach (int i in Enumerable.Range(1, 4))
        {
            await Python.PrintsAsync($"kept = {i}");
        }

        await Python.Context.RollBackAsync(2, TestContext.Current.CancellationToken);
        Assert.Equal(3, Python.Context.BlockCount);
        Assert.Equal("2\n", await Python.PrintsAsync("print(kept)"));
        CodeExecutionException error = await Assert.ThrowsAsync<CodeExecutionException>(
            () => Python.Context.RollBackAsync(50, TestContext.Current.CancellationToken));
        Assert.Equal("roll-back-failed", error.Code);
        Assert.Equal("2\n", await Python.PrintsAsync("print(kept)"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Python.Context.RollBackAsync(0, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Branches_go_on_from_the_same_state_and_go_their_own_ways()
    {
        await Python.PrintsAsync("import random\nitems = [1]\nrandom.seed(7)");
        List<TestContextOfCode> branches = [];
        foreach (int i in Enumerable.Range(0, 3))
        {
            branches.Add(Python.Of(await Python.Context.BranchAsync(cancellationToken: TestContext.Current.CancellationToken)));
        }

        string first = await Python.PrintsAsync("print(random.random())");
        string[] outputs = await Task.WhenAll(
            branches.Select((b, i) => b.PrintsAsync($"print(random.random())\nitems.append({i})\nprint(items)")));
        Assert.Equal([first + "[1, 0]\n", first + "[1, 1]\n", first + "[1, 2]\n"], outputs);
        Assert.Equal("[1]\n", await Python.PrintsAsync("print(items)"));

        // A branch has checkpoints of its own, and its end is its own.
        Assert.Equal(1, (await branches[0].RunAsync("import os\nos._exit(1)")).UndoneBlocks);
        Assert.Equal("[1, 0]\n", await branches[0].PrintsAsync("print(items)"));
        foreach (TestContextOfCode branch in branches)
        {
            await branch.Context.CloseAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("[1]\n", await Python.PrintsAsync("print(items)"));
    }

    [Fact]
    public async Task A_branch_of_an_interpreter_that_ends_fails()
    {
        TestContextOfCode other = await TestContextOfCode.MakeAsync(fixture.Executor);
        string pid = await Python.PrintsAsync($"{NoCopy}\nprint(os.getpid())");
        Task branching = Python.Context.BranchAsync(cancellationToken: TestContext.Current.CancellationToken);
        await other.PrintsAsync($"import os\nos.kill({pid.Trim()}, 9)");
        Assert.Equal("branch-failed", (await Assert.ThrowsAsync<CodeExecutionException>(() => branching)).Code);
        Assert.Equal("earlier\n", (await Python.RunAsync("print(kept)")).StandardOutput);
        await other.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_context_whose_copy_never_comes_can_be_closed()
    {
        await Python.PrintsAsync(NoCopy);
        Task<IReadOnlyList<ContextProcess>> listing = Python.Context.ListProcessesAsync(TestContext.Current.CancellationToken);
        await Python.Context.CloseAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await listing);
    }

    [Fact]
    public async Task A_context_that_waits_for_no_children_has_checkpoints()
    {
        await Python.PrintsAsync("import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)");
        await Python.PrintsAsync("kept = 'new'");
        Assert.Equal(1, (await Python.RunAsync("os._exit(1)")).UndoneBlocks);
        Assert.Equal("new\n", await Python.PrintsAsync("print(kept)"));
    }

    [Fact]
    public async Task Copies_that_cannot_be_made_are_told_of_and_cost_no_descriptors()
    {
        await Python.PrintsAsync("""
            import errno, os
            def fork():
                raise OSError(errno.EAGAIN, 'no')
            os.fork = fork
            """);
        const string Count = "print(len(os.listdir('/proc/self/fd')))";
        string before = await Python.PrintsAsync(Count);
        BlockResult result = await Python.RunAsync(Count);
        Assert.Equal(before, result.Output);
        Assert.Equal(["the last 3 blocks"], result.NotInCheckpoint);
    }

    [Fact]
    public async Task A_block_that_has_its_parent_trace_it_has_not_ended()
    {
        BlockResult result = await Python.RunAsync(
            "import ctypes, subprocess, time\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\nsubprocess.run(['true'])\ntime.sleep(600)", _short);
        Assert.Equal((124, TerminationReason.TimedOut), (result.ExitCode, result.Termination));
        Assert.Equal("earlier\n", await Python.PrintsAsync("print(kept)"));
    }

    [Fact]
    public async Task A_program_that_forks_and_ends_over_and_over_ends_with_the_block_that_started_it()
    {
        BlockResult result = await Python.RunAsync("""
            import ctypes, os, time
            os.mkfifo('chain')
            file = os.open('chain', os.O_RDWR)
            libc = ctypes.CDLL(None)
            until = time.monotonic() + 30
            if libc.fork() == 0:
                while time.monotonic() < until:
                    libc.setsid()
                    if libc.fork() != 0:
                        libc._exit(0)
                libc._exit(0)
            os.close(file)
            time.sleep(600)
            """, _short);
        Assert.Equal(TerminationReason.TimedOut, result.Termination);

        // While one of them lives, somebody has the pipe open.
        BlockResult look = await Python.RunAsync("""
            import os, time
            file = os.open('chain', os.O_RDONLY | os.O_NONBLOCK)
            until, said = time.monotonic() + 5, None
            while said is None and time.monotonic() < until:
                try:
                    said = os.read(file, 1)
                except BlockingIOError:
                    time.sleep(0.01)
            os.close(file)
            os.unlink('chain')
            print(said)
            """);
        Assert.Equal("b''\n", look.StandardOutput);
    }

    [Fact]
    public async Task The_end_of_the_supervisor_is_a_result_and_the_next_block_has_a_new_interpreter()
    {
        InterpreterCodeExecutor executor = fixture.Create();
        await using (executor)
        {
            TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
            await python.PrintsAsync("x = 1");
            BlockResult result = await python.RunAsync("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(600)");
            Assert.Equal((TerminationReason.SandboxLost, true), (result.Termination, result.StateLost));
            Assert.Equal("new\n", (await python.RunAsync("print('new')")).StandardOutput);
        }
    }
}
