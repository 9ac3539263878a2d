namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>What one run of a script leaves to the next: files, and nothing else.</summary>
public sealed class BetweenRunsTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    [Theory]
    [InlineData("import random; print(random.random())")]
    [InlineData("import random; print(random.Random().random(), random.SystemRandom().random())")]
    [InlineData("import uuid; print(uuid.uuid4())")]
    [InlineData("import uuid; print(uuid.uuid1())")]
    [InlineData("import os, secrets; print(secrets.token_hex(), os.urandom(4))")]
    [InlineData("import tempfile; print(tempfile.mktemp())")]
    [InlineData("import tempfile; print(next(tempfile._get_candidate_names()))")]
    [InlineData("import ssl; print(ssl.RAND_bytes(8))")]
    public async Task What_is_random_is_not_the_same_twice(string code)
    {
        string first = (await forkServer.ForkedAsync(code)).StandardOutput;
        Assert.NotEqual("", first);
        Assert.NotEqual(first, (await forkServer.ForkedAsync(code)).StandardOutput);
    }

    [Fact]
    public async Task What_is_random_is_not_the_same_twice_although_its_module_was_loaded_before()
    {
        const string code = "import random, tempfile, uuid; print(random.random(), tempfile.mktemp(), uuid.uuid4())";
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { Preload = { "random", "tempfile", "uuid", "secrets" } });
        await executor.StartAsync(TestContext.Current.CancellationToken);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("python", code), new("python", code)], TestContext.Current.CancellationToken);
        string[] first = result.Blocks[0].Output.Split(), second = result.Blocks[1].Output.Split();
        Assert.Equal(4, first.Length);
        Assert.All(first.Zip(second).Take(3), pair => Assert.NotEqual(pair.First, pair.Second));
    }

    /// <summary>The seed of text hashes is made when an interpreter starts, and the fork server starts once. That an executor has one of
    /// its own is what it can keep: what one user learns of it is of no use against another.</summary>
    [Fact]
    public async Task The_seed_of_hashes_is_random_for_each_executor()
    {
        const string code = "print(hash('text'))";
        string first = (await forkServer.ForkedAsync(code)).Output;
        Assert.Equal(first, (await forkServer.ForkedAsync(code)).Output);
        await using Session other = await ForkServerFixture.StartAsync();
        Assert.NotEqual(first, (await other.PythonAsync(code)).Output);
    }

    [Fact]
    public async Task Names_variables_folders_masks_and_handlers_of_one_block_do_not_reach_the_next()
    {
        BlockResult first = await forkServer.ForkedAsync(
            """
            import builtins, gc, locale, os, resource, signal, sys, threading, warnings
            x = builtins.x = sys.x = 1
            os.environ['X'] = '1'; os.putenv('Y', '1'); os.chdir('/'); os.umask(0o777); os.nice(5)
            sys.setrecursionlimit(5000); sys.setswitchinterval(1); sys.path.append('/nowhere'); sys.argv.append('more')
            resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)); signal.signal(signal.SIGTERM, signal.SIG_IGN); warnings.simplefilter('error'); gc.disable()
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); os.dup2(1, 2)
            """);
        Assert.Equal((0, ""), (first.ExitCode, first.Output));
        BlockResult second = await forkServer.SameAsync(
            """
            import builtins, gc, os, resource, signal, sys, warnings
            print([hasattr(o, 'x') for o in (builtins, sys, sys.modules['__main__'])], os.environ.get('X'), os.popen('echo $X$Y').read(), os.getcwd(), os.umask(0), os.nice(0))
            print(sys.getrecursionlimit(), sys.getswitchinterval(), sys.path[-1], sys.argv, resource.getrlimit(resource.RLIMIT_NOFILE), signal.getsignal(signal.SIGTERM))
            print(len(warnings.filters), gc.isenabled(), signal.pthread_sigmask(signal.SIG_BLOCK, []), file=sys.stderr)
            """);
        Assert.StartsWith("[False, False, False] None \n /workspace", second.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_damages_its_own_memory_damages_no_other()
    {
        BlockResult first = await forkServer.ForkedAsync(
            """
            import ctypes, sys
            one = id(1) + object.__basicsize__ + 8
            ctypes.memset(one, 9, 1)
            ctypes.memset(id(None), 0, 64)
            ctypes.string_at(0)
            """);
        Assert.Equal(TerminationReason.Signaled, first.Termination);
        Assert.Equal("2 None\n", (await forkServer.ForkedAsync("print(1 + 1, None)")).Output);
    }

    [Fact]
    public async Task A_hundred_runs_leave_nothing_open_in_the_agent()
    {
        string before = (await CountAsync()).Output;
        foreach (CodeBlock[] blocks in Enumerable.Repeat(new CodeBlock("python", "import subprocess; subprocess.run('true')"), 100).Chunk(20))
        {
            Assert.Equal(0, (await forkServer.Session.RunAsync(blocks)).ExitCode);
        }

        Assert.Equal(before, (await CountAsync()).Output);

        // What a script inherits counts what its agent has open: a new descriptor gets the lowest number that is free.
        async Task<BlockResult> CountAsync() => await forkServer.ForkedAsync("import os; print(os.open('/', os.O_RDONLY), len(os.listdir('/proc/self/fd')), len(os.listdir('/proc')))");
    }
}
