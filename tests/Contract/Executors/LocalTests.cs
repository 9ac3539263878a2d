using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Glovebox.Tests.Contract.Executors;

/// <summary>What only the local executor does.</summary>
public sealed class LocalTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void It_warns_when_it_is_constructed_that_it_isolates_nothing()
    {
        using CollectingLogger log = new();
        ExecutorKind.Local.Create(new() { LoggerFactory = log });
        (LogLevel level, string message) = Assert.Single(log.Entries);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("isolates nothing", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_a_short_list_of_variables_passes()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Local);
        string[] names = (await session.BashAsync("env | sed 's/=.*//'")).Output.Trim().Split('\n');
        string[] allowed =
        [
            "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "DOTNET_ROOT",
            "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "GLOVEBOX_RUN",
            "PWD", "OLDPWD", "SHLVL", "_", // These are the shell's own.
            .. Glovebox.Sandboxes.GuestVariables.Quiet.Keys, // These make programs quiet.
        ];
        Assert.Subset(allowed.ToHashSet(), names.ToHashSet());
        Assert.Contains("PATH", names);
    }

    [Theory]
    [InlineData("300000000000", 9999)]
    [InlineData("-99999999999999", 1)]
    public async Task A_file_of_a_time_that_no_date_says_is_listed(string seconds, int year)
    {
        // The memory of the system takes any time.
        using TestFolder folder = new("/dev/shm");
        folder.GiveAway();
        await using Session session = await Session.StartAsync(ExecutorKind.Local, new() { WorkDir = folder.Path });
        Assert.Equal(year, Assert.Single((await session.BashAsync($"touch -d @{seconds} x")).OutputFiles).LastModified.Year);
    }

    [Fact]
    public async Task It_says_that_it_isolates_nothing()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Local);
        SandboxCapabilities capabilities = session.Executor.GetService<SandboxCapabilities>()!;
        Assert.Equal(("local", false, false), (capabilities.Kind, capabilities.IsIsolated, capabilities.UsesGuestAgent));
        Assert.Equal(EnforcementLevel.None, capabilities.Control("memory")!.Level);
        Assert.Equal(EnforcementLevel.Full, capabilities.Control("output")!.Level);
        Assert.Null(capabilities.Control("no such control"));
    }

    [Fact]
    public async Task Python_of_a_virtual_environment_comes_first_on_PATH()
    {
        using TestFolder folder = new();
        using (Process venv = Process.Start("python3", ["-m", "venv", "--without-pip", folder["venv"]]))
        {
            await venv.WaitForExitAsync(Ct);
            Assert.Equal(0, venv.ExitCode);
        }

        await using LocalCommandLineCodeExecutor executor = new(new() { WorkDir = folder["work"], VirtualEnvironment = folder["venv"] });
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [
                new("python", "import os, sys; print(sys.prefix, sys.prefix != sys.base_prefix, os.environ['VIRTUAL_ENV'])"),
                new("bash", "command -v python python3; python -c 'import sys; print(sys.prefix)'"),
            ],
            Ct);
        string venvPath = folder["venv"];
        Assert.Equal($"{venvPath} True {venvPath}\n{venvPath}/bin/python\n{venvPath}/bin/python3\n{venvPath}\n", result.Output);

        // The canary: without it, Python is another.
        await using Session plain = await Session.StartAsync(ExecutorKind.Local);
        Assert.DoesNotContain(venvPath, (await plain.PythonAsync("import sys; print(sys.prefix)")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_virtual_environment_with_Scripts_is_found_too()
    {
        using TestFolder folder = new();
        Directory.CreateDirectory(folder["venv/Scripts"]);
        File.CreateSymbolicLink(folder["venv/Scripts/python3"], "/bin/echo");
        await using LocalCommandLineCodeExecutor executor = new(new() { WorkDir = folder["work"], VirtualEnvironment = folder["venv"] });
        await executor.StartAsync(Ct);
        Assert.Equal("x.py\n", (await executor.ExecuteCodeBlocksAsync([new("python", "# filename: x.py")], Ct)).Output);
    }

    [Fact]
    public async Task A_folder_that_is_no_virtual_environment_is_an_error_that_says_what_to_do()
    {
        using TestFolder folder = new();
        await using LocalCommandLineCodeExecutor executor = new(new() { VirtualEnvironment = folder.Path });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
        Assert.Equal("virtual-environment-unusable", e.Code);
        Assert.Contains(folder.Path, e.Message, StringComparison.Ordinal);
        Assert.Contains("python3 -m venv", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Named_variables_win_over_those_of_the_host()
    {
        await using Session session = await Session.StartAsync(
            ExecutorKind.Local, new() { Environment = new Dictionary<string, string> { ["HOME"] = "/elsewhere", ["PYTHONUNBUFFERED"] = "" } });
        Assert.Equal("/elsewhere\n", (await session.BashAsync("echo $HOME")).Output);
    }
}
