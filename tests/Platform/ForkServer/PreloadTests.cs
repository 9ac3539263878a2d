namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>Modules that the fork server imports before the first block, and variables that only a new interpreter can obey.</summary>
public sealed class PreloadTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_preloaded_module_is_there_at_once_and_is_the_one_that_is_imported()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(new() { Preload = { "json", "xml.dom.minidom", "asyncio" } });
        Assert.Equal(
            "True True True [1] True <class 'socket.socket'>\n",
            await OutputAsync(executor, """
                import sys; names = 'json' in sys.modules, 'xml.dom.minidom' in sys.modules, 'socket' in sys.modules
                import asyncio, json, socket, xml.dom.minidom
                print(*names, json.dumps([1]), asyncio.base_events.socket is socket, socket.socket)
                """));

        // The canary: without it, they are not.
        await using BubblewrapCommandLineCodeExecutor without = await StartAsync(new());
        Assert.Equal("False\n", await OutputAsync(without, "import sys; print('json' in sys.modules)"));
    }

    [Fact]
    public async Task A_file_beside_the_script_wins_over_a_preloaded_module()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(new() { Preload = { "json.tool", "csv", "email", "decimal" } });
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [
                new("python", "# filename: json.py\nmine = 1"),
                new("python", "# filename: sub/csv/__init__.py\nmine = 2"),
                new("bash", "mkdir email; touch sub/decimal.txt decimal.py.txt"),
                new("python", "# filename: x.py\nimport csv, decimal, email, json, sys; print(json.mine, csv.writer, email.message_from_string, decimal.Decimal, 'json.decoder' in sys.modules)"),
                new("python", "# filename: sub/x.py\nimport csv, json; print(csv.mine, json.dumps, 'json.decoder' in __import__('sys').modules)"),
            ],
            Ct);
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("1 <built-in function writer> <function message_from_string at", result.Blocks[3].Output, StringComparison.Ordinal);
        Assert.EndsWith("<class 'decimal.Decimal'> False\n", result.Blocks[3].Output, StringComparison.Ordinal);
        Assert.StartsWith("2 <function dumps at", result.Blocks[4].Output, StringComparison.Ordinal);
        Assert.EndsWith("True\n", result.Blocks[4].Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("glovebox_no_such_module", "ModuleNotFoundError: No module named 'glovebox_no_such_module'")]
    [InlineData("json.no_such_part", "json.no_such_part: ModuleNotFoundError")]
    [InlineData("agent", "agent: ModuleNotFoundError")]
    [InlineData("not a name", "not a name: ModuleNotFoundError")]
    [InlineData(".relative", ".relative: ")]
    public async Task A_module_that_cannot_be_preloaded_fails_the_start_and_is_named(string module, string expected)
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { Preload = { "json", module } });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
        Assert.Equal("preload-failed", e.Code);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("json:", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a\0b")]
    [InlineData(null)]
    public void A_module_without_a_name_is_refused(string? module) =>
        Assert.Throws<ArgumentException>(() => new BubblewrapCommandLineCodeExecutor(new() { Preload = { module! } }));

    [Fact]
    public async Task A_module_that_prints_while_it_is_preloaded_disturbs_nothing()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(new() { Preload = { "this" } });
        Assert.Equal("1\n", await OutputAsync(executor, "print(1)"));

        // The canary: it does print.
        await using BubblewrapCommandLineCodeExecutor without = await StartAsync(new());
        Assert.StartsWith("The Zen of Python", await OutputAsync(without, "import this"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Modules_are_preloaded_again_after_a_restart_and_after_a_loss()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(new() { Preload = { "json" } });
        await executor.RestartAsync(Ct);
        Assert.Equal("True\n", await OutputAsync(executor, "import sys; print('json' in sys.modules)"));
    }

    [Fact]
    public void Modules_cannot_be_preloaded_for_interpreters_that_are_started_anew()
    {
        BubblewrapCommandLineCodeExecutorOptions options = new() { Preload = { "json" } };
        options.Environment["PYTHONHASHSEED"] = "0";
        ArgumentException e = Assert.Throws<ArgumentException>(() => new BubblewrapCommandLineCodeExecutor(options));
        Assert.Contains("PYTHONHASHSEED", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_that_has_our_own_value_does_not_cost_the_fork_server()
    {
        BubblewrapCommandLineCodeExecutorOptions options = new() { Preload = { "json" } };
        options.Environment["PYTHONUNBUFFERED"] = "1";
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(options);
        Assert.Equal("True\n", await OutputAsync(executor, "import sys; print('json' in sys.modules)"));
    }

    [Theory]
    [InlineData("PYTHONHASHSEED", "0", "import sys; print(sys.flags.hash_randomization, hash('x') == hash('x'))", "0 True\n")]
    [InlineData("PYTHONOPTIMIZE", "2", "import sys; print(sys.flags.optimize, __debug__)", "2 False\n")]
    [InlineData("PYTHONWARNINGS", "error", "import warnings; warnings.warn('x')", null)]
    [InlineData("PYTHONPATH", "/workspace/lib", "import sys; print('/workspace/lib' in sys.path)", "True\n")]
    [InlineData("PYTHONIOENCODING", "ascii", "import sys; print(sys.stdout.encoding)", "ascii\n")]
    [InlineData("PYTHONDONTWRITEBYTECODE", "", "import sys; print(sys.dont_write_bytecode)", "False\n")]
    [InlineData("PYTHONNOUSERSITE", "1", "import site; print(site.ENABLE_USER_SITE)", "False\n")]
    [InlineData("PYTHONUNBUFFERED", "", "import os, sys; sys.stdout.write('lost'); os._exit(0)", "")]
    [InlineData("PYTHONSAFEPATH", "1", "import sys; print('/workspace' in sys.path, sys.flags.safe_path)", "False True\n")]
    [InlineData("PYTHONUTF8", "1", "import sys; print(sys.flags.utf8_mode)", "1\n")]
    [InlineData("PYTHONDEVMODE", "1", "import sys; print(sys.flags.dev_mode)", "True\n")]
    public async Task A_variable_that_a_new_interpreter_obeys_is_obeyed(string name, string value, string code, string? output)
    {
        BubblewrapCommandLineCodeExecutorOptions options = new();
        options.Environment[name] = value;
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(options);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("python", code)], Ct);
        Assert.Equal((output is null ? 1 : 0, output ?? ""), (result.ExitCode, result.StandardOutput));

        // The canary: without it, the same script shows something else.
        await using BubblewrapCommandLineCodeExecutor without = await StartAsync(new());
        CodeResult other = await without.ExecuteCodeBlocksAsync([new("python", code)], Ct);
        Assert.NotEqual((result.ExitCode, result.StandardOutput), (other.ExitCode, other.StandardOutput));
    }

    /// <summary>What is preloaded, and a script that shows what it remembers of the process in which it was imported.</summary>
    [Theory]
    [InlineData("multiprocessing", """
        from concurrent.futures import ProcessPoolExecutor
        import multiprocessing as mp
        class P:
            def __init__(self, x): self.x = x
        def make(x): return P(x)
        if __name__ == '__main__':
            for method in 'spawn', 'forkserver', 'fork':
                with ProcessPoolExecutor(1, mp_context=mp.get_context(method)) as e: print(e.submit(make, 5).result().x)
                with mp.get_context(method).Pool(1) as p: print(p.map(make, [6])[0].x)
        """, "5\n6\n5\n6\n5\n6\n")]
    [InlineData("concurrent.futures.process", """
        import os, multiprocessing as mp
        if __name__ == '__main__':
            os.mkdir('elsewhere'); os.chdir('elsewhere')
            with mp.get_context('spawn').Pool(1) as p: print(p.apply(eval, ["__import__('multiprocessing.process').process.ORIGINAL_DIR"]))
        """, "/workspace\n")]
    [InlineData("multiprocessing", "import sys; print(sys.modules['__mp_main__'] is sys.modules['__main__'], vars(sys.modules['__mp_main__']) is globals())", "True True\n")]
    [InlineData("rlcompleter", "import rlcompleter; print(vars(rlcompleter.__main__) is globals())", "True\n")]
    [InlineData("threading", "import os, threading; t = threading.main_thread(); print(t.native_id == threading.get_native_id() == os.getpid(), t.ident == threading.get_ident())", "True True\n")]
    [InlineData("concurrent.futures", "import os, threading; print(threading.current_thread().native_id == os.getpid())", "True\n")]
    public async Task A_preloaded_module_knows_the_process_of_the_script(string module, string code, string output)
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(new() { Preload = { module } });
        Assert.Equal(output, await OutputAsync(executor, code));
        Assert.Equal("True\n", await OutputAsync(executor, $"import sys; print('{module}' in sys.modules)"));
    }

    [Fact]
    public async Task Processes_of_two_blocks_have_different_keys()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(new() { Preload = { "multiprocessing" } });
        const string code = "import multiprocessing as m; print(m.current_process().authkey.hex())";
        Assert.NotEqual(await OutputAsync(executor, code), await OutputAsync(executor, code));
    }

    private static async Task<BubblewrapCommandLineCodeExecutor> StartAsync(BubblewrapCommandLineCodeExecutorOptions options)
    {
        BubblewrapCommandLineCodeExecutor executor = new(options);
        await executor.StartAsync(Ct);
        return executor;
    }

    private static async Task<string> OutputAsync(ICodeExecutor executor, string code)
    {
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("python", code)], Ct);
        Assert.Equal("", result.StandardError);
        return result.StandardOutput;
    }
}
