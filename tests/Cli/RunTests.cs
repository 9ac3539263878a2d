using System.Text.Json;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary><c>glovebox run</c> with pipes for its output.</summary>
public sealed class RunTests : IDisposable
{
    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Standard_output_has_what_the_programs_print_there_and_standard_error_the_rest()
    {
        string reply = _folder.Save(
            Replies.Of(("python", "import sys; print('one'); print('problem', file=sys.stderr)"), ("bash", "echo two")));

        ToolResult result = await _tool.RunAsync("run", reply);

        Assert.Equal("one\ntwo\n", result.Output);
        Assert.Equal("--- 1/2 python ---\nproblem\n--- 2/2 bash ---\n", result.Errors);
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task The_first_failing_block_ends_the_run_with_its_exit_code()
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Of(("sh", "printf a; exit 3"), ("sh", "printf b")), "run");

        Assert.Equal("a", result.Output);
        Assert.Equal("--- 1/2 sh ---\n--- exit code 3 ---\n", result.Errors);
        Assert.Equal(3, result.ExitCode);
    }

    [Fact]
    public async Task A_block_whose_time_runs_out_keeps_its_output_and_ends_the_run_with_124()
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Endless(HostProcesses.NewMarker()), "run", "--timeout", "4", "-");

        Assert.Equal("started\n", result.Output);
        Assert.Equal("--- 1/1 python ---\nTimed out after 4 s; the program was ended.\n--- timed out ---\n", result.Errors);
        Assert.Equal(124, result.ExitCode);
    }

    [Theory]
    [InlineData("a.py", "print(6 * 7)", "python")]
    [InlineData("a.SH", "echo $((6 * 7))", "sh")]
    [InlineData("a.sh", "#!/usr/bin/env bash\n[[ 1 ]] && echo 42", "bash")]
    [InlineData("a.bash", "[[ 1 ]] && echo 42", "bash")]
    [InlineData("a.js", "console.log(42)", "javascript")]
    public async Task A_script_runs_by_its_extension(string name, string code, string language)
    {
        ToolResult result = await _tool.RunAsync("run", _folder.Save(code, name));

        Assert.Equal(language == "javascript" && result.ExitCode == 127 ? "" : "42\n", result.Output);
        Assert.StartsWith($"--- 1/1 {language} ---\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_language_that_is_named_counts_for_the_whole_input()
    {
        Assert.Equal("42\n", (await _tool.RunWithInputAsync("print(42)", "run", "-l", "py")).Output);
        Assert.Equal("```\n", (await _tool.RunAsync("run", "--language", "python", _folder.Save("print('```')"))).Output);
    }

    [Fact]
    public async Task Programs_get_arguments_variables_and_standard_input()
    {
        string code = _folder.Save("import os, sys\nprint(sys.argv[1:], os.environ['A'], input())", "a.py");
        string input = _folder.Save("from a file\n", "input.txt");
        ToolResult result = await _tool.RunAsync("run", code, "--env", "A=b=c", "--stdin", input, "--", "--top", "1", "--", "-x");
        Assert.Equal("['--top', '1', '--', '-x'] b=c from a file\n", result.Output);
        result = await _tool.RunWithInputAsync("from a pipe\n", "run", code, "--env", "A=1", "--env", "A=2", "--stdin", "-");
        Assert.Equal("[] 2 from a pipe\n", result.Output);
    }

    [Fact]
    public async Task Modules_are_imported_ahead_and_paths_shown()
    {
        string code = _folder.Save("import sys\nprint('colorsys' in sys.modules, open('/opt/glovebox-test/x').read())", "a.py");
        Directory.CreateDirectory("/opt/glovebox-test");
        await File.WriteAllTextAsync("/opt/glovebox-test/x", "shown", TestContext.Current.CancellationToken);
        ToolResult result = await _tool.RunAsync("run", code, "--preload", "colorsys", "--read-only", "/opt/glovebox-test");
        Directory.Delete("/opt/glovebox-test", recursive: true);
        Assert.Equal(("", "True shown\n"), (result.Errors.Replace("--- 1/1 python ---\n", "", StringComparison.Ordinal), result.Output));
    }

    [Fact]
    public async Task A_package_is_a_wheel_that_is_named_by_a_relative_path()
    {
        using WheelIndex index = new WheelIndex().Add("gb_tool", "1.0", "NAME = 'tool'");
        string code = _folder.Save("import gb_tool\nprint(gb_tool.NAME)", "a.py");
        string wheel = Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(index.Path, "gb_tool-1.0-py3-none-any.whl"));
        ToolResult result = await _tool.RunAsync("run", code, "-e", "bubblewrap", "--network", "none", "--packages", wheel);
        Assert.Equal(("", "tool\n"), (result.Errors.Replace("--- 1/1 python ---\n", "", StringComparison.Ordinal), result.Output));
        result = await _tool.RunAsync("run", code, "-e", "bubblewrap", "--packages", "./missing.whl");
        Assert.Contains("missing.whl' cannot be read: No such file or directory.", result.Errors, StringComparison.Ordinal);
        Assert.Equal(125, result.ExitCode);
    }

    [Theory]
    [InlineData("--env takes NAME=VALUE, not 'A'.", "run", "x.md", "--env", "A")]
    [InlineData("--env takes NAME=VALUE, not '=x'.", "run", "x.md", "--env", "=x")]
    [InlineData("Standard input has the code: --stdin - cannot have it, too.", "run", "-", "--stdin", "-")]
    [InlineData("--executor local cannot honour --preload and --read-only.", "run", "x.md", "-e", "local", "--preload", "x", "--read-only", "/opt")]
    [InlineData("Only the command run takes arguments of programs, after --.", "doctor", "--", "x")]
    public async Task Wrong_options_of_programs_are_said(string said, params string[] arguments)
    {
        ToolResult result = await _tool.RunWithInputAsync("", arguments);
        Assert.Contains(said, result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
    }

    [Fact]
    public async Task Data_in_a_reply_is_shown_as_skipped_and_the_code_runs()
    {
        string reply = _folder.Save("Config:\n```json\n{}\n```\n```python\nprint('ran')\n```\nIt prints:\n```text\nran\n```\n");
        ToolResult result = await _tool.RunAsync("run", reply);
        Assert.Equal((0, "ran\n"), (result.ExitCode, result.Output));
        Assert.Equal(
            "--- 1/3 json ---\n--- skipped ---\n--- 2/3 python ---\n--- 3/3 text ---\n--- skipped ---\n", result.Errors);
        using JsonDocument json = JsonDocument.Parse((await _tool.RunAsync("run", reply, "--json")).Output);
        Assert.Equal(
            ["skipped", "exited", "skipped"],
            json.RootElement.GetProperty("blocks").EnumerateArray().Select(b => b.GetProperty("termination").GetString()));
    }

    [Fact]
    public async Task A_reply_with_data_alone_has_no_code_to_run()
    {
        ToolResult result = await _tool.RunAsync("run", _folder.Save("```json\n{}\n```\n```yaml\na: 1\n```\n"));
        Assert.Equal(125, result.ExitCode);
        Assert.Contains("There is no code to run in", result.Errors, StringComparison.Ordinal);
        Assert.Contains("json, yaml is data or text", result.Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await _tool.RunWithInputAsync("{}", "run", "--language", "json")).ExitCode);
    }

    [Fact]
    public async Task An_unknown_language_is_the_blocks_failure_and_not_the_tools()
    {
        ToolResult result = await _tool.RunWithInputAsync("x", "run", "--language", "klingon");

        Assert.Equal("--- 1/1 klingon ---\nunknown language klingon\n--- not started ---\n", result.Errors);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task Files_persist_in_the_work_directory_and_those_that_a_run_makes_are_listed()
    {
        string work = _folder["work"];
        await _tool.RunWithInputAsync(Replies.Of(("sh", "mkdir -p sub; printf 12345 >sub/five; printf x >one")), "run", "--work-dir", work);

        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Python("print(open('sub/five').read()); open('one', 'a').write('y')"), "run", "-w", work);

        Assert.Equal("12345\n", result.Output);
        Assert.Equal("--- 1/1 python ---\n--- files ---\none (2 bytes)\n", result.Errors);
        Assert.Equal("xy", await File.ReadAllTextAsync(Path.Combine(work, "one"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Files_of_a_temporary_work_directory_are_said_to_go_and_do_go()
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python("open('a.txt', 'w').write('x')"), "run");

        Assert.Equal(
            "--- 1/1 python ---\n--- files (they go with the temporary work directory; --work-dir DIR keeps them) ---\na.txt (1 byte)\n", result.Errors);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task Names_that_hold_control_characters_do_not_reach_the_output_as_they_are()
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Of(("py\u001b[31m", "x"), ("python", "")), "run");
        Assert.StartsWith("--- 1/2 py␛[31m ---\n", result.Errors, StringComparison.Ordinal);

        result = await _tool.RunWithInputAsync(Replies.Python(@"open('a\nb\x1b[2J', 'w')"), "run");
        Assert.EndsWith("\na␊b␛[2J (0 bytes)\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sandbox_gets_the_limits_that_were_asked_for()
    {
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Python("import socket; print(len(socket.if_nameindex())); x = bytearray(200 << 20)"), "run", "--memory", "64M", "--network", "none");

        // Without a control group, memory that was asked for is refused.
        if (result.ExitCode == 125)
        {
            Assert.Contains("Memory was set, but no control group can be made here", result.Errors, StringComparison.Ordinal);
            return;
        }

        Assert.Equal("1\n", result.Output);
        Assert.Contains("Out of memory: the limit is 64 MiB.\n--- out of memory ---\n", result.Errors, StringComparison.Ordinal);
        Assert.Equal(137, result.ExitCode);
    }

    [Fact]
    public async Task Nothing_is_isolated_by_the_local_executor_alone()
    {
        string marker = _folder["reached"];
        string reply = Replies.Of(("sh", $"touch '{marker}'"));

        await _tool.RunWithInputAsync(reply, "run");
        Assert.False(File.Exists(marker));

        Assert.Equal(0, (await _tool.RunWithInputAsync(reply, "run", "--executor", "local")).ExitCode);
        Assert.True(File.Exists(marker));
    }

    [Fact]
    public async Task Output_without_end_is_bounded_where_that_is_asked_for_and_says_so()
    {
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Of(("bash", "head -c 200000000 /dev/zero | tr '\\0' x; echo; echo the end")), "run", "--max-output", "64K");

        Assert.InRange(result.Output.Length, 64 << 10, (64 << 10) + 50);
        Assert.EndsWith("xxx\nthe end\n", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n\[\.\.\. \d+ bytes dropped \.\.\.\]\n", result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Piped_output_goes_through_whole()
    {
        const string Code = "import sys\nfor i in range(300_000): print(f'line {i:06}'); i % 10 or print(f'error {i:06}', file=sys.stderr)";
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python(Code), "run");

        Assert.Equal(string.Concat(Enumerable.Range(0, 300_000).Select(i => $"line {i:d6}\n")), result.Output);
        Assert.EndsWith("error 299990\n", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("dropped", result.Errors, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF_8_are_replaced_and_others_stay_as_they_are()
    {
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Of(("bash", @"printf 'a\xff\xfeb \u00e4\u4e2d\U1f600\0c\x1b[31m'")), "run");

        Assert.Equal("a\uFFFD\uFFFDb ä中😀\0c\u001b[31m", result.Output);
    }

    [Fact]
    public async Task Both_streams_in_one_pipe_keep_headers_on_lines_of_their_own()
    {
        string reply = _folder.Save(Replies.Of(("sh", "printf open"), ("sh", "printf 'open too' >&2"), ("sh", "echo done; exit 4")));

        ToolResult result = await _tool.ShellAsync("\"$TOOL\" run \"$1\" 2>&1", reply);

        Assert.Equal("--- 1/3 sh ---\nopen\n--- 2/3 sh ---\nopen too\n--- 3/3 sh ---\ndone\n--- exit code 4 ---\n", result.Output);
    }

    [Fact]
    public async Task Both_streams_in_one_file_do_not_overwrite_each_other_nor_what_is_there()
    {
        string reply = _folder.Save(Replies.Of(("sh", "echo one"), ("sh", "echo two; echo three >&2")));

        await _tool.ShellAsync("{ echo before; \"$TOOL\" run \"$1\"; echo after; } >\"$2\" 2>&1", reply, _folder["log"]);

        string log = await File.ReadAllTextAsync(_folder["log"], TestContext.Current.CancellationToken);
        Assert.Equal("before\n--- 1/2 sh ---\none\n--- 2/2 sh ---\n", log[..log.IndexOf('t', StringComparison.Ordinal)]);
        Assert.Contains("two\n", log, StringComparison.Ordinal);
        Assert.Contains("three\n", log, StringComparison.Ordinal);
        Assert.EndsWith("after\n", log, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }
}
