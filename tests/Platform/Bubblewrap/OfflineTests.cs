namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Programs that want the network say soon that there is none, and those that can do without do. Each has far less time than it
/// would take by itself to give up.</summary>
public sealed class OfflineTests
{
    private static readonly ExecutorSetup Short = new() { Timeout = TimeSpan.FromSeconds(30), TimeProvider = new RealClock() };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("pip", "pip install nosuchpackage", "No matching distribution found for nosuchpackage")]
    [InlineData("npm", "npm install left-pad", "EAI_AGAIN")]
    [InlineData("git", "git clone https://git.example.org/x.git", "Could not resolve host")]
    [InlineData("dotnet", "printf '#:package Newtonsoft.Json@13.0.3\\nSystem.Console.WriteLine(1);' >p.cs; dotnet run p.cs", "NU1100")]
    public async Task A_program_that_wants_the_network_fails_at_once_and_says_why(string program, string command, string message)
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, Short);
        CodeResult result = await session.BashAsync($"command -v {program} >/dev/null || {{ echo missing; exit; }}; {command}");
        Assert.SkipWhen(result.Output == "missing\n", $"There is no {program} here.");
        Assert.NotEqual(0, result.ExitCode);
        Assert.NotEqual(TerminationReason.TimedOut, result.Blocks[0].Termination);
        Assert.Contains(message, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pip_prints_nothing_when_it_installs_and_all_that_it_is_asked_for_and_why_it_fails()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, Short);
        Assert.SkipUnless((await session.BashAsync("python3 -m pip --version")).ExitCode == 0, "pip is not installed.");
        await session.PythonAsync("""
            import pathlib, zipfile
            with zipfile.ZipFile('gb_quiet-1.0-py3-none-any.whl', 'w') as wheel:
                wheel.writestr('gb_quiet.py', '')
                wheel.writestr('gb_quiet-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: gb-quiet\nVersion: 1.0\n')
                wheel.writestr('gb_quiet-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
                wheel.writestr('gb_quiet-1.0.dist-info/entry_points.txt', '[console_scripts]\ngb-quiet = gb_quiet:main\n')
                wheel.writestr('gb_quiet-1.0.dist-info/RECORD', '')
            pathlib.Path('bad').mkdir()
            pathlib.Path('bad/setup.py').write_text('raise SystemExit("broken build")')
            """);
        Assert.Equal("", (await session.BashAsync("python3 -m pip install ./gb_quiet-1.0-py3-none-any.whl")).Output);
        Assert.Contains("gb-quiet", (await session.BashAsync("python3 -m pip list")).StandardOutput, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Version: 1.0", (await session.BashAsync("python3 -m pip show gb_quiet")).StandardOutput, StringComparison.Ordinal);
        foreach (string quiet in new[] { "", "-q " })
        {
            CodeResult broken = await session.BashAsync($"python3 -m pip install {quiet}--no-build-isolation ./bad");
            Assert.NotEqual(0, broken.ExitCode);
            Assert.Contains("broken build", broken.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_callers_variables_win()
    {
        const string print = "echo $PIP_RETRIES $PIP_DEFAULT_TIMEOUT $npm_config_fetch_retries $NPM_CONFIG_FETCH_RETRIES $PIP_PROGRESS_BAR $PIP_CONFIG_FILE";
        await using BubblewrapCommandLineCodeExecutor executor = new(new()
        {
            Environment = { ["PIP_RETRIES"] = "7", ["PIP_TIMEOUT"] = "9", ["NPM_CONFIG_FETCH_RETRIES"] = "8", ["PIP_CONFIG_FILE"] = "/dev/null" },
        });
        await executor.StartAsync(Ct);
        Assert.Equal("7 8 off /dev/null\n", (await executor.ExecuteCodeBlocksAsync([new("bash", print)], Ct)).Output);
        await using Session own = await Session.StartAsync(ExecutorKind.Bubblewrap);
        Assert.Equal("0 5 0 off /etc/glovebox/pip.conf\n", (await own.BashAsync(print)).Output);
        await using Session network = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { Network = NetworkAccess.Full }));
        Assert.Equal("off /etc/glovebox/pip.conf\n", (await network.BashAsync(print)).Output);
    }

    [Fact]
    public async Task CSharp_runs_without_a_network_and_prints_its_own_output_alone()
    {
        await using Session session = await Session.StartAsync(
            ExecutorKind.Bubblewrap, new() { Timeout = TimeSpan.FromSeconds(60), TimeProvider = new RealClock() });
        Assert.SkipUnless((await session.BashAsync("dotnet --version | grep '^[1-9][0-9]'")).ExitCode == 0, "The .NET SDK is not installed.");
        CodeResult first = await session.RunAsync(new CodeBlock("csharp", "Console.WriteLine(\"hi\");"));
        Assert.Equal((0, "hi\n"), (first.ExitCode, first.Output));
        CodeResult again = await session.RunAsync(new CodeBlock("csharp", "Console.WriteLine(\"hi\");"));
        Assert.Equal((0, "hi\n"), (again.ExitCode, again.Output));
        Assert.Equal("hello\n", (await session.BashAsync("echo 'System.Console.WriteLine(\"hello\");' >a.cs; dotnet run a.cs")).Output);
    }

    [Fact]
    public async Task A_project_that_names_its_own_sources_keeps_them()
    {
        await using Session session = await Session.StartAsync(
            ExecutorKind.Bubblewrap, new() { Timeout = TimeSpan.FromSeconds(60), TimeProvider = new RealClock() });
        Assert.SkipUnless((await session.BashAsync("dotnet --version | grep '^[1-9][0-9]'")).ExitCode == 0, "The .NET SDK is not installed.");
        CodeResult result = await session.BashAsync("""
            mkdir feed
            echo '<configuration><packageSources><clear /><add key="mine" value="feed" /></packageSources></configuration>' >nuget.config
            printf '#:package Mine@1.0.0\nSystem.Console.WriteLine(1);' >p.cs
            dotnet run p.cs
            """);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("mine", result.Output, StringComparison.Ordinal);
    }
}
