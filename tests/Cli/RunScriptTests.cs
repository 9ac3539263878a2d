using System.Diagnostics;

namespace Glovebox.Tests.Cli;

/// <summary>The script <c>./run</c>, in a folder of its own, on a machine that has only what the test gives it.</summary>
public sealed class RunScriptTests : IDisposable
{
    private static readonly string[] Programs =
    [
        "bash", "env", "readlink", "dirname", "find", "flock", "mkdir", "touch", "mktemp", "rm", "mv", "cat", "tee", "cp",
    ];

    private static readonly string[] Files = ["run", "eng/setup/10-sandbox", "eng/packages.sh"];

    /// <summary>Where an engine of the machine would be, which the test cannot hide.</summary>
    private static readonly string[] Sockets = ["/var/run/docker.sock", "/run/podman/podman.sock"];

    private readonly TestFolder _folder = new();

    public RunScriptTests()
    {
        foreach (string file in Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
            File.Copy(Repository.File(file), _folder[file]);
        }

        Directory.CreateDirectory(_folder["src"]);
        Directory.CreateDirectory(_folder["bin"]);
        File.WriteAllText(_folder["global.json"], "{}");
        File.WriteAllText(_folder["Directory.Build.props"], "");
        foreach (string program in Programs)
        {
            File.CreateSymbolicLink(
                _folder["bin/" + program], File.Exists("/usr/bin/" + program) ? "/usr/bin/" + program : "/bin/" + program);
        }

        Give("dotnet", """
            echo "$1" >> "$0.calls"
            if [[ $1 == build ]]; then
                echo "  Determining projects to restore..."
                echo "  Restored /a/Glovebox.csproj (in 1 s)."
                echo "  Glovebox -> /a/Glovebox.dll"
                echo "  Glovebox.Cli -> /a/Glovebox.Cli.dll"
                root=$(readlink -f "${0%/*}/..")
                mkdir -p "$root/artifacts/bin/Glovebox.Cli/release"
                touch "$root/artifacts/bin/Glovebox.Cli/release/Glovebox.Cli.dll"
                [[ ! -f $0.broken ]] || { echo "/a.cs(1,1): error CS1: broken"; exit 1; }
            else
                echo "ran ${*:2}"
            fi
            """);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string[] Calls => File.Exists(_folder["bin/dotnet.calls"]) ? File.ReadAllLines(_folder["bin/dotnet.calls"]) : [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("no sudo", "Please install bubblewrap as root: apt-get install bubblewrap")]
    [InlineData("no apt-get", "Please install bubblewrap with your system's package manager")]
    [InlineData("no password", "sudo: a password is required")]
    public async Task What_is_missing_and_cannot_be_installed_is_said_before_the_build(string how, string expected)
    {
        Give("id", "echo 1000");
        if (how != "no apt-get")
        {
            Give("apt-get", "exit 100");
        }

        if (how == "no password")
        {
            Give("sudo", "echo 'sudo: a password is required' >&2; exit 1");
        }

        (int code, string output, string errors) = await RunAsync("reply.md");
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        if (Sockets.Any(File.Exists))
        {
            Assert.Contains("Docker is tried in place of bubblewrap.", errors, StringComparison.Ordinal);
            return;
        }

        Assert.Equal((125, ""), (code, output));
        Assert.Contains("./run: Code cannot be isolated here: bubblewrap or Python is missing", errors, StringComparison.Ordinal);
        Assert.Empty(Calls);
    }

    [Theory]
    [InlineData("reply.md", "--executor", "local")]
    [InlineData("reply.md", "--executor=docker")]
    [InlineData("doctor")]
    [InlineData("--help")]
    public async Task Who_names_another_executor_or_asks_what_works_needs_no_bubblewrap(params string[] arguments)
    {
        Give("id", "echo 1000");
        (int code, string output, string _) = await RunAsync(arguments);
        Assert.Equal(0, code);
        Assert.StartsWith("ran ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_may_do_in_place_of_bubblewrap()
    {
        Give("id", "echo 1000");
        (int code, string _, string errors) = await RunAsync(["reply.md"], ("DOCKER_HOST", "unix:///nowhere"));
        Assert.Equal(0, code);
        Assert.Contains("Docker is tried in place of bubblewrap.", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_sdk_is_said_before_anything_is_installed()
    {
        File.Delete(_folder["bin/dotnet"]);
        Give("id", "echo 0");
        Give("apt-get", "echo installed > \"$0.called\"");
        (int code, string _, string errors) = await RunAsync("reply.md");
        Assert.Equal(125, code);
        Assert.Contains("The .NET SDK 10 is not on PATH.", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["bin/apt-get.called"]));
    }

    [Fact]
    public async Task The_first_build_says_what_it_does_and_the_next_call_builds_nothing()
    {
        Give("bwrap", "exit 0");
        (int code, string output, string errors) = await RunAsync("reply.md");
        Assert.Equal((0, "ran run reply.md\n"), (code, output));
        Assert.StartsWith("Building Glovebox; ", errors, StringComparison.Ordinal);
        Assert.EndsWith("\n  restored packages\n  built Glovebox\n  built Glovebox.Cli\n", errors, StringComparison.Ordinal);
        Assert.Equal(["build"], Calls.Where(c => c == "build"));

        Assert.Equal((0, "ran run reply.md\n", ""), await RunAsync("reply.md"));
        Assert.Equal(["build"], Calls.Where(c => c == "build"));
    }

    [Fact]
    public async Task A_build_that_fails_shows_its_output_and_is_tried_again()
    {
        Give("bwrap", "exit 0");
        await File.WriteAllTextAsync(_folder["bin/dotnet.broken"], "", Ct);
        (int code, string output, string errors) = await RunAsync("reply.md");
        Assert.Equal((125, ""), (code, output));
        Assert.Contains("/a.cs(1,1): error CS1: broken\n./run: The build failed; its output is above.\n", errors, StringComparison.Ordinal);

        File.Delete(_folder["bin/dotnet.broken"]);
        Assert.Equal(0, (await RunAsync("reply.md")).Code);
    }

    /// <summary>Puts a script on the path.</summary>
    private void Give(string name, string script)
    {
        File.WriteAllText(_folder["bin/" + name], "#!/bin/bash\n" + script.ReplaceLineEndings("\n") + "\n");
        _folder.SetMode("bin/" + name, "755");
    }

    private Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => RunAsync(arguments, null);

    private async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments, (string Name, string Value)? variable)
    {
        ProcessStartInfo info = new(_folder["bin/bash"], [_folder["run"], .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        info.Environment["PATH"] = _folder["bin"];
        info.Environment["HOME"] = _folder.Path;
        if (variable is { } given)
        {
            info.Environment[given.Name] = given.Value;
        }

        using Process process = Process.Start(info)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync(Ct);
        string output = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        return (process.ExitCode, output, await errors);
    }
}
