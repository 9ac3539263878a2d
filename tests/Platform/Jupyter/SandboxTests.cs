using System.Diagnostics;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>What is particular to a server that Glovebox starts in a sandbox.</summary>
public sealed class SandboxTests(SandboxHost host) : IClassFixture<SandboxHost>
{
    private const string Beat = "while :; do echo x >>beat; sleep 0.01; done";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_shell_block_is_a_process_beside_the_kernel_in_the_same_directory()
    {
        ICodeExecutor shared = await host.SharedAsync();
        await shared.PythonAsync("open('from-kernel.txt', 'w').write('hello')\nhidden = 1");
        CodeResult result = await shared.RunAsync(
            new CodeBlock("bash", "cat from-kernel.txt; echo; pwd; echo made >from-shell.txt; exit 0"), new CodeBlock("python", "print(open('from-shell.txt').read(), hidden)"));
        Assert.Equal("hello\n/workspace\nmade\n 1\n", result.Output);
        Assert.Equal(["bash", "python"], result.Blocks.Select(b => b.Language));
        CodeResult failed = await shared.RunAsync(new CodeBlock("sh", "echo no >&2; exit 7"));
        Assert.Equal(7, failed.ExitCode);
        Assert.Equal("no\n", failed.StandardError);
    }

    [Fact]
    public async Task A_cell_that_names_a_file_is_saved_under_that_name()
    {
        ICodeExecutor shared = await host.SharedAsync();
        CodeResult result = await shared.RunAsync(
            new CodeBlock("python", "# filename: tool.py\nimport sys\nif len(sys.argv) > 1 and sys.argv[1] == 'x': print('as a program')"), new CodeBlock("bash", "python3 tool.py x"));
        Assert.Equal("as a program\n", result.Output);
        Assert.Equal("tool.py", result.CodeFile);
        CodeResult outside = await shared.PythonAsync("# filename: ../x.py\nprint('not run')");
        Assert.Equal(1, outside.ExitCode);
        Assert.Equal("Filename is not in the workspace\n", outside.Output);
    }

    [Fact]
    public async Task A_shell_block_whose_time_runs_out_ends_with_its_daemons_and_the_kernel_keeps_its_state()
    {
        await using ICodeExecutor executor = await host.StartAsync(o => o.Timeout = TimeSpan.FromSeconds(2));
        await executor.PythonAsync("kept = 1");
        CodeResult result = await executor.RunAsync(new CodeBlock("bash", $"(setsid bash -c '{Beat}' &); while [ ! -s beat ]; do :; done; echo up; sleep 100"));
        Assert.True(result.Blocks[0].TimedOut);
        Assert.StartsWith("up\n", result.Output, StringComparison.Ordinal);
        Assert.Equal("1\n0\n", (await executor.PythonAsync("print(kept)\nimport os, time\na = os.path.getsize('beat'); time.sleep(0.1); print(os.path.getsize('beat') - a)")).Output);
    }

    [Fact]
    public async Task What_a_cell_gave_away_ends_with_its_time_and_what_the_kernel_has_itself_does_not()
    {
        await using ICodeExecutor executor = await host.StartAsync(o => o.Timeout = TimeSpan.FromSeconds(2));
        await executor.WarmAsync();
        await executor.PythonAsync("import subprocess, os, time\nown = subprocess.Popen(['sleep', '1000'], start_new_session=True)");
        CodeResult result = await executor.PythonAsync($"subprocess.run(['sh', '-c', \"(setsid bash -c '{Beat}' &)\"])\nwhile not os.path.exists('beat'): time.sleep(0.01)\nprint('up')\ntime.sleep(100)");
        Assert.True(result.Blocks[0].TimedOut);
        Assert.False(result.Blocks[0].StateLost);
        Assert.Equal("True 0\n", (await executor.PythonAsync("a = os.path.getsize('beat'); time.sleep(0.1); print(own.poll() is None, os.path.getsize('beat') - a)")).Output);
    }

    [Fact]
    public async Task A_fork_bomb_in_a_shell_block_ends_and_the_kernel_keeps_its_state()
    {
        await using ICodeExecutor executor = await host.StartAsync(o =>
        {
            o.Timeout = TimeSpan.FromSeconds(2);
            o.Policy = new() { MaxProcesses = 128 };
        });
        await executor.PythonAsync("kept = 1");
        CodeResult result = await executor.RunAsync(new CodeBlock("bash", "bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 100"));
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("1\n", (await executor.PythonAsync("print(kept)")).Output);
    }

    [Fact]
    public async Task Memory_that_is_used_up_is_a_result_that_says_so()
    {
        await using ICodeExecutor executor = await host.StartAsync(o => o.Policy = new() { MaxOutput = 1 << 20 });
        bool isGroup = executor.GetService<SandboxCapabilities>()!.Control("memory")!.Level == EnforcementLevel.Full;
        BlockResult block = (await executor.PythonAsync("kept = []\nwhile True: kept.append(bytearray(50_000_000))")).Blocks[0];
        if (isGroup)
        {
            Assert.Equal(137, block.ExitCode);
            Assert.Equal(TerminationReason.OutOfMemory, block.Termination);
            Assert.True(block.StateLost);
        }
        else
        {
            Assert.Contains("MemoryError", block.Output, StringComparison.Ordinal);
        }

        Assert.EndsWith("ok\n", (await executor.PythonAsync("kept = None\nprint('ok')")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_that_kills_the_server_gets_a_result_and_the_next_block_a_new_server()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        await executor.PythonAsync("lost = 1");
        BlockResult block = (await executor.PythonAsync("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)")).Blocks[0];
        Assert.Equal(TerminationReason.SandboxLost, block.Termination);
        Assert.True(block.StateLost);
        Assert.Equal(
            "The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n", (await executor.PythonAsync("print('lost' in globals())")).Output);
    }

    [Fact]
    public async Task A_cell_has_the_time_of_the_execution_and_no_arguments()
    {
        ICodeExecutor shared = await host.SharedAsync();
        CancellationToken ct = TestContext.Current.CancellationToken;
        CodeResult result = await shared.ExecuteCodeBlocksAsync([new("bash", "echo $1"), new("python", "1")], new() { Arguments = ["x"] }, ct);
        Assert.Equal([TerminationReason.Exited, TerminationReason.NotStarted], result.Blocks.Select(b => b.Termination));
        Assert.StartsWith("x\nA cell of a kernel takes no arguments", result.Output, StringComparison.Ordinal);
        result = await shared.ExecuteCodeBlocksAsync(
            [new("python", "import time\ntime.sleep(600)")], new() { Timeout = TimeSpan.FromSeconds(0.5) }, ct);
        Assert.Contains("Timed out after 0.5 s", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_ends_between_two_calls_is_started_anew()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        CodeResult result = await executor.PythonAsync(
            """
            import os, subprocess
            server = os.getppid()
            subprocess.Popen(f'while [ ! -e go ]; do sleep 0.05; done; kill -9 {server}', shell=True, start_new_session=True)
            print(server)
            """);
        Assert.Equal(0, result.ExitCode);
        await executor.Workspace.WriteAllTextAsync("go", "", TestContext.Current.CancellationToken);

        // When the agent has waited for it, its connections have ended, and the host was told so. Its command line goes earlier.
        ISandbox sandbox = executor.GetService<ISandbox>()!;
        ProcessRequest look = new(["sh"], ["-c", $"[ -e /proc/{result.Output.Trim()} ]"]);
        await Eventually.HoldsAsync(() => sandbox.RunAsync(look).Result.ExitCode != 0, "the server is gone");
        Assert.Equal(
            "The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n",
            (await executor.PythonAsync("print('server' in globals())")).Output);
    }

    [Fact]
    public async Task There_is_no_network_and_nothing_listens_beyond_the_loopback_of_the_sandbox()
    {
        ICodeExecutor shared = await host.SharedAsync();
        CodeResult result = await shared.PythonAsync(
            """
            import socket
            try:
                socket.create_connection(('192.0.2.1', 80), timeout=2)
            except OSError as e:
                print(e.strerror)
            listening = [l.split()[1] for f in ('tcp', 'tcp6') for l in open('/proc/net/' + f).readlines()[1:] if l.split()[3] == '0A']
            print([l for l in listening if not l.startswith('0100007F:')], sorted(name for _, name in socket.if_nameindex()))
            """);
        Assert.Equal("Network is unreachable\n[] ['lo']\n", result.Output);
    }

    [Fact]
    public async Task Files_of_the_work_directory_do_not_keep_the_server_from_starting_and_configure_nothing()
    {
        string[] names = ["random.py", "json.py", "tornado.py", "ipykernel_launcher.py", "jupyter_server_config.py", "sitecustomize.py"];
        await using ICodeExecutor executor = await host.StartAsync();
        foreach (string name in names)
        {
            await executor.Workspace.WriteAllTextAsync(name, "open('/workspace/ran', 'a').write(__name__)\n", Cancellation);
        }

        await executor.RestartAsync(Cancellation);
        Assert.Equal("False\n", (await executor.PythonAsync("import os; print(os.path.exists('ran'))")).Output);
    }

    [Fact]
    public async Task A_server_that_is_started_in_such_a_directory_is_led_astray()
    {
        // The canary of the test above: what an ordinary start does there.
        TestFolder folder = new();
        await File.WriteAllTextAsync(folder["random.py"], "raise SystemExit('led astray')\n", Cancellation);
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => JupyterServer.StartAsync(JupyterServer.FreePort(), folder));
        Assert.Contains("led astray", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_display_does_not_follow_a_link_that_code_made()
    {
        using TestFolder folder = new();
        using TestFolder victim = new();
        folder.GiveAway();
        await File.WriteAllTextAsync(victim["file"], "unharmed", Cancellation);
        await using ICodeExecutor executor = await host.StartAsync(o => (o.WorkDir, o.OutputDir) = (folder.Path, folder.Path));
        CodeResult result = await executor.PythonAsync(
            $"import os\nfrom IPython.display import HTML, display\nfor i in range(1, 6): os.symlink({Quoted(victim["file"])}, f'display-{{i:04}}.html')\ndisplay(HTML('harm'))");
        Assert.Contains("A display could not be saved: 'display-0001.html' is not in the work directory.", result.Output, StringComparison.Ordinal);
        Assert.Equal("unharmed", await File.ReadAllTextAsync(victim["file"], Cancellation));

        // The canary: whoever writes by the name alone follows the link.
        await File.WriteAllTextAsync(folder["display-0001.html"], "harm", Cancellation);
        Assert.Equal("harm", await File.ReadAllTextAsync(victim["file"], Cancellation));
    }

    [Fact]
    public async Task A_python_without_Jupyter_is_an_error_that_says_what_to_install()
    {
        // A virtual environment sees nothing of the system's packages.
        using TestFolder folder = new();
        string python = Path.Combine(folder.Path, "venv");
        Process.Start("/usr/bin/python3", ["-m", "venv", "--without-pip", python]).WaitForExit();
        Process.Start("chmod", ["-R", "a+rX", folder.Path]).WaitForExit();
        string under = $"/opt/glovebox-test-{Guid.NewGuid():n}";
        Directory.Move(python, under);
        try
        {
            await using ICodeExecutor executor = host.Create(o =>
            {
                o.ReadOnlyPaths.Add(under);
                o.Environment["PATH"] = $"{under}/bin:/usr/bin:/bin";
            });
            SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
            Assert.Equal("jupyter-missing", e.Code);
            Assert.Contains("apt-get install python3-jupyter-server python3-ipykernel", e.Hint, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(under, recursive: true);
        }
    }

    [Fact]
    public async Task A_sandbox_without_an_agent_is_an_error_that_says_what_is_missing()
    {
        await using JupyterCodeExecutor executor = new(new(), new BubblewrapInternals { UsesAgent = false }, loggerFactory: null, TimeProvider.System);
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal("jupyter-needs-python", e.Code);
    }

    [Fact]
    public async Task A_missing_kernel_is_an_error_that_names_those_that_are_there()
    {
        await using ICodeExecutor executor = host.Create(o => o.KernelName = "no-such");
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal("jupyter-kernel-missing", e.Code);
        Assert.Contains("It has: python3", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_start_is_an_error_with_its_own_words()
    {
        await using ICodeExecutor executor = host.Create(o => o.Environment["PYTHONHOME"] = "/nowhere");
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal("jupyter-server-failed", e.Code);
        Assert.Contains("No module named 'encodings'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_diagnosis_tells_what_is_enforced()
    {
        ExecutorDiagnosis diagnosis = await JupyterCodeExecutor.DiagnoseAsync(Cancellation);
        Assert.True(diagnosis.IsAvailable, diagnosis.Reason);
        Assert.Equal("jupyter", diagnosis.Name);
        Assert.True(diagnosis.Capabilities!.IsIsolated);
    }

    [Fact]
    public async Task Disposal_leaves_no_process_behind()
    {
        ICodeExecutor executor = await host.StartAsync();
        string marker = $"marker-{Guid.NewGuid():n}";
        await executor.PythonAsync($"import subprocess\nsubprocess.Popen(['bash', '-c', 'sleep 1000; : {marker}'])\nsubprocess.Popen(['setsid', 'bash', '-c', 'sleep 1000; : {marker}'])");
        Assert.Contains(marker, CommandLines(), StringComparison.Ordinal);
        await executor.DisposeAsync();
        await Eventually.HoldsAsync(() => !CommandLines().Contains(marker, StringComparison.Ordinal), "the processes are gone");
    }

    private static string CommandLines()
    {
        using Process ps = Process.Start(new ProcessStartInfo("ps", ["-eo", "args", "-ww"]) { RedirectStandardOutput = true })!;
        return ps.StandardOutput.ReadToEnd();
    }

    private static string Quoted(string text) => "'" + text + "'";
}
