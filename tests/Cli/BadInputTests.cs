using Glovebox.Cli.Executors;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary>Bad input: one clear message with what to do, the right exit code, nothing half-written.</summary>
public sealed class BadInputTests : IDisposable
{
    private const string SeeHelp = "See: glovebox run --help\n";

    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("--network takes none, setup or full, not 'Full'.", "--network", "Full")]
    [InlineData("--timeout takes a number of seconds, more than 0 and at most 2000000, not '0'.", "--timeout", "0")]
    [InlineData("--timeout takes a number of seconds, more than 0 and at most 2000000, not '-1'.", "--timeout", "-1")]
    [InlineData("--timeout takes a number of seconds, more than 0 and at most 2000000, not 'NaN'.", "--timeout", "NaN")]
    [InlineData("--timeout takes a number of seconds, more than 0 and at most 2000000, not '1e3'.", "--timeout", "1e3")]
    [InlineData("--timeout takes a number of seconds, more than 0 and at most 2000000, not '2000001'.", "--timeout", "2000001")]
    [InlineData("--memory takes a size of at least 16M, such as 512M or 2G, not '15M'.", "--memory", "15M")]
    [InlineData("--memory takes a size of at least 16M, such as 512M or 2G, not 'lots'.", "--memory", "lots")]
    [InlineData("--max-output takes a size from 1K to 1G, such as 64K or 8M, not '1023'.", "--max-output", "1023")]
    [InlineData("--max-output takes a size from 1K to 1G, such as 64K or 8M, not '2G'.", "--max-output", "2G")]
    [InlineData("--max-output takes a size from 1K to 1G, such as 64K or 8M, not 'all'.", "--max-output", "all")]
    [InlineData("--cpus takes a number of cores of at least 0.01, such as 0.5, not '0'.", "--cpus", "0")]
    [InlineData("--cpus takes a number of cores of at least 0.01, such as 0.5, not 'x␛[2J'.", "--cpus", "x\u001b[2J")]
    [InlineData("--work-dir is empty.", "--work-dir", "")]
    [InlineData("--image is empty.", "--image", " ")]
    [InlineData("--language is empty.", "--language", "")]
    [InlineData("There is no option --tiemout=5.", "--tiemout=5")]
    [InlineData("There is no option -x.", "-x")]
    [InlineData("Unrecognized command or argument 'b.md'.", "a.md", "b.md")]
    [InlineData("Required argument missing for option: '--timeout'.", "--timeout")]
    [InlineData("Option '--timeout' expects a single argument but 2 were provided.", "--timeout", "1", "--timeout", "2")]
    public async Task A_wrong_option_is_said_in_one_line_with_where_to_look(string message, params string[] arguments)
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python("print(1)"), ["run", .. arguments]);

        Assert.Equal($"glovebox: {message}\n{SeeHelp}", result.Errors);
        Assert.Empty(result.Output);
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task An_unknown_executor_is_answered_with_those_that_there_are()
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python("print(1)"), "run", "--executor", "nowhere");

        Assert.Matches(@"^glovebox: --executor takes auto, command-line, bubblewrap[a-z, -]* or [a-z-]+, not 'nowhere'\.\n", result.Errors);
        Assert.All(ExecutorKinds.Names, name => Assert.Contains(name, result.Errors, StringComparison.Ordinal));
        Assert.EndsWith(SeeHelp, result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
    }

    [Theory]
    [InlineData("--memory", "1G")]
    [InlineData("--cpus", "1")]
    [InlineData("--network", "none")]
    public async Task A_limit_that_the_local_executor_cannot_keep_is_refused(string option, string value)
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python("print(1)"), "run", "--executor", "local", option, value);

        Assert.StartsWith(
            $"glovebox: --executor local cannot honour {option}.\nLeave it out, or take --executor bubblewrap",
            result.Errors,
            StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Equal(2, result.ExitCode);
    }

    [Theory]
    [InlineData("missing.md", "there is no such file")]
    [InlineData("missing/reply.md", "there is no such file")]
    [InlineData("folder", "it is a directory")]
    public async Task A_reply_that_cannot_be_read_is_named(string name, string reason)
    {
        Directory.CreateDirectory(_folder["folder"]);

        await AssertCouldNotRunAsync($"Cannot read '{_folder[name]}': {reason}.\n", "run", _folder[name]);
    }

    [Fact]
    public async Task A_reply_that_is_not_UTF_8_is_refused()
    {
        byte[] latin1 = [.. "```python\nprint('"u8, 0xE4, .. "')\n```\n"u8];
        await File.WriteAllBytesAsync(_folder["latin1.md"], latin1, TestContext.Current.CancellationToken);

        await AssertCouldNotRunAsync(
            $"Cannot read '{_folder["latin1.md"]}': it is not UTF-8 text.\nConvert it first, for example with iconv.\n",
            "run",
            _folder["latin1.md"]);

        ToolResult result = await _tool.RunWithInputAsync(latin1, "run");
        Assert.Equal(
            "glovebox: Cannot read standard input: it is not UTF-8 text.\nConvert it first, for example with iconv.\n", result.Errors);
        Assert.Equal(125, result.ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Just words.\n")]
    [InlineData("```\nno language\n```\n")]
    public async Task A_reply_without_blocks_is_refused(string reply) => await AssertCouldNotRunAsync(
        $"There is no code block in '{_folder["reply.md"]}'.\n"
            + "A block is fenced by ``` and names its language, as in ```python. To run a script, name its language: --language python.\n",
        "run",
        _folder.Save(reply));

    [Fact]
    public async Task A_reply_that_is_too_long_is_refused()
    {
        using (FileStream file = new(_folder["long.md"], FileMode.Create))
        {
            file.SetLength((16 << 20) + 1);
        }

        await AssertCouldNotRunAsync($"Cannot read '{_folder["long.md"]}': it is longer than 16 MiB.\n", "run", _folder["long.md"]);
    }

    [Fact]
    public async Task A_reply_that_is_nested_without_end_is_read()
    {
        string reply = _folder.Save(new string('>', 100_000) + " ```sh\n" + new string('>', 100_000) + " echo deep\n");
        Assert.Equal("deep\n", (await _tool.RunAsync("run", reply)).Output);
    }

    [Fact]
    public async Task A_script_whose_extension_names_no_language_is_wrong_usage()
    {
        ToolResult result = await _tool.RunAsync("run", _folder.Save("x", "program.exe"));

        Assert.Equal(
            $"glovebox: The extension of '{_folder["program.exe"]}' names no language.\n"
                + "Name it with --language, or use one of .md, .py, .sh, .bash, .ps1, .js, .cs.\n",
            result.Errors);
        Assert.Equal(2, result.ExitCode);
    }

    [Theory]
    [InlineData("bubblewrap")]
    [InlineData("local")]
    public async Task A_work_directory_that_is_a_file_is_refused_and_stays_as_it_is(string executor)
    {
        string file = _folder.Save("precious", "file");

        await AssertCouldNotRunAsync(
            $"The work directory '{file}' cannot be used: it is a file.\n"
                + "Name a directory that you may read and write, or none for a temporary one.\n",
            "run",
            _folder.Save(Replies.Python("print(1)")),
            "--work-dir",
            file,
            "--executor",
            executor);
        Assert.Equal("precious", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("bubblewrap", "/", "it is a folder of the system's")]
    [InlineData("bubblewrap", "/etc", "it is a folder of the system's")]
    [InlineData("bubblewrap", "/proc/self/fd", "it is a folder of the system's")]
    [InlineData("bubblewrap", "/sys/kernel/new", "it is a folder of the system's")]
    [InlineData("local", "/", "it is a folder of the system's")]
    [InlineData("local", "/sys/kernel", "it is a folder of the system's")]
    [InlineData("local", "/dev/new", "it is a folder of the system's")]
    [InlineData("local", "/etc/passwd/new", "cannot be used")]
    public async Task A_work_directory_that_is_the_systems_or_cannot_be_made_is_refused(string executor, string path, string reason)
    {
        ToolResult result = await _tool.RunAsync(
            "run", _folder.Save(Replies.Python("print(1)")), "--work-dir", path, "--executor", executor);

        Assert.StartsWith($"glovebox: The work directory '{path}' cannot be used: ", result.Errors, StringComparison.Ordinal);
        Assert.Contains(reason, result.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith(
            "\nName a directory that you may read and write, or none for a temporary one.\n", result.Errors, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Equal(125, result.ExitCode);
        Assert.Empty(_tool.Leavings);
    }

    [Theory]
    [InlineData("bubblewrap")]
    [InlineData("local")]
    public async Task A_work_directory_that_is_a_link_is_the_one_that_it_leads_to(string executor)
    {
        Directory.CreateDirectory(_folder["real"]);
        File.CreateSymbolicLink(_folder["link"], "real");
        File.CreateSymbolicLink(_folder["nowhere"], "missing");
        string reply = _folder.Save(Replies.Of(("bash", "touch made")));

        ToolResult result = await _tool.RunAsync("run", reply, "--work-dir", _folder["link"], "--executor", executor);
        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        Assert.True(File.Exists(_folder["real/made"]));

        await AssertCouldNotRunAsync(
            $"The work directory '{_folder["nowhere"]}' cannot be used: it is a link that leads to no directory.\n"
                + "Name a directory that you may read and write, or none for a temporary one.\n",
            "run",
            reply,
            "--work-dir",
            _folder["nowhere"],
            "--executor",
            executor);
    }

    [Fact]
    public async Task A_bad_reply_leaves_no_work_directory_behind()
    {
        await _tool.RunAsync("run", _folder.Save("no blocks"), "--work-dir", _folder["work"]);

        Assert.False(Directory.Exists(_folder["work"]));
    }

    [Fact]
    public async Task Without_bubblewrap_the_code_does_not_run()
    {
        string reached = _folder["reached"];
        string reply = _folder.Save(Replies.Of(("sh", $"touch '{reached}'")));
        string empty = Directory.CreateDirectory(_folder["empty"]).FullName;
        _tool.With("PATH", empty);

        await AssertCouldNotRunAsync(
            "Bubblewrap (bwrap) is not on PATH.\nInstall it: apt-get install bubblewrap, dnf install bubblewrap, or your system's way.\n",
            "run",
            reply,
            "--executor",
            "bubblewrap");
        ToolResult automatic = await _tool.RunAsync("run", reply);
        Assert.StartsWith(
            "glovebox: No executor that isolates works here. bubblewrap: Bubblewrap (bwrap) is not on PATH.",
            automatic.Errors,
            StringComparison.Ordinal);
        Assert.EndsWith(" For code that you trust there is --executor local.\n", automatic.Errors, StringComparison.Ordinal);
        Assert.Empty(automatic.Output);
        Assert.Equal(125, automatic.ExitCode);
        Assert.False(File.Exists(reached));
    }

    [Fact]
    public async Task Where_user_namespaces_are_forbidden_it_is_said_what_allows_them()
    {
        using FakeBubblewrap fake = new(
            "0.8.0", "bwrap: No permissions to creating new namespace, likely because the kernel does not allow it.");
        _tool.With("PATH", fake.Path);

        ToolResult result = await _tool.RunWithInputAsync(Replies.Python("print(1)"), "run", "--executor", "bubblewrap");

        Assert.StartsWith(
            "glovebox: This machine does not let bubblewrap make the namespaces of a sandbox: "
                + "bwrap: No permissions to creating new namespace, likely because the kernel does not allow it.\n"
                + "Allow unprivileged user namespaces: sysctl ",
            result.Errors,
            StringComparison.Ordinal);
        Assert.Equal(125, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task A_bubblewrap_that_is_too_old_is_named()
    {
        using FakeBubblewrap fake = new("0.4.1", "");
        _tool.With("PATH", fake.Path);

        await AssertCouldNotRunAsync(
            "Bubblewrap 0.4.1 is too old; Glovebox needs 0.8.0 or newer.\n"
                + "Install it: apt-get install bubblewrap, dnf install bubblewrap, or your system's way.\n",
            "run",
            _folder.Save(Replies.Python("print(1)")),
            "--executor",
            "bubblewrap");
    }

    [Fact]
    public async Task Without_a_file_at_a_terminal_nothing_is_waited_for()
    {
        ToolResult result = await _tool.RunAtTerminalAsync(80, "run");

        Assert.Equal(["glovebox: Name a FILE to run, or pipe a reply in.", "See: glovebox run --help"], result.Lines);
        Assert.Equal(2, result.ExitCode);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }

    private async Task AssertCouldNotRunAsync(string message, params string[] arguments)
    {
        ToolResult result = await _tool.RunAsync(arguments);

        Assert.Equal("glovebox: " + message, result.Errors);
        Assert.Empty(result.Output);
        Assert.Equal(125, result.ExitCode);
        Assert.Empty(_tool.Leavings);
    }
}
