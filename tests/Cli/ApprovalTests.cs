using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary><c>glovebox run --approve</c>.</summary>
public sealed class ApprovalTests : IDisposable
{
    private const string Question = "Run this block? [y/N] ";

    private readonly Tool _tool = new Tool().With("NO_COLOR", "1");
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("y\n")]
    [InlineData("YES\n")]
    public async Task Each_block_is_shown_and_runs_when_the_user_says_so(string yes)
    {
        string reply = _folder.Save(Replies.Of(("python", "if 1:\n\tprint('o' + 'ne')"), ("sh", "echo t''wo")));
        using ToolProcess process = _tool.StartAtTerminal(80, "run", reply, "--approve");

        await process.PrintsAsync($"python, run by python3 or python (1 of 2)\r\n  | if 1:\r\n  |     print('o' + 'ne')\r\n{Question}");
        await process.TypeAsync(yes);
        await process.PrintsAsync($"one\r\n");
        await process.PrintsAsync($"sh, run by sh (2 of 2)\r\n  | echo t''wo\r\n{Question}");
        await process.TypeAsync(yes);

        ToolResult result = await process.EndAsync();
        Assert.Contains("two\r\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("\n")]
    [InlineData("yes please\n")]
    [InlineData("\u0004")]
    public async Task A_block_does_not_run_unless_the_user_says_so(string answer)
    {
        string reply = _folder.Save(Replies.Of(("sh", "echo r''un >ran"), ("sh", "echo n''ever")));
        using ToolProcess process = _tool.StartAtTerminal(80, "run", reply, "--approve", "--work-dir", _folder["work"]);

        await process.PrintsAsync(Question);
        await process.TypeAsync(answer);

        ToolResult result = await process.ExitAsync();
        Assert.Contains(
            "Code execution was not approved. Reason: The user said no.\r\n✗ not approved, ", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n1 more block not run\r\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
        Assert.False(File.Exists(Path.Combine(_folder["work"], "ran")));
    }

    [Fact]
    public async Task The_question_goes_to_the_terminal_when_the_reply_and_the_output_go_through_pipes()
    {
        string reply = _folder.Save(Replies.Python("print('o' + 'ne')"));
        using ToolProcess process = _tool.StartShellAtTerminal(
            "cat \"$1\" | \"$TOOL\" run --approve --json - >\"$2\"", reply, _folder["output"]);

        await process.PrintsAsync($"python, run by python3 or python\r\n  | print('o' + 'ne')\r\n{Question}");
        await process.TypeAsync("y\n");

        Assert.Equal(0, (await process.EndAsync()).ExitCode);
        Assert.Contains(
            "\"stdout\":\"one\\n\"",
            await File.ReadAllTextAsync(_folder["output"], TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_that_would_look_like_other_code_is_shown_as_it_is()
    {
        // A carriage return and an erased line would hide the first command; a mark of direction and a joiner would change a word.
        string reply = _folder.Save("rm -rf /tmp/x\r\u001b[Kecho harmless\necho a\u202eb\u200dc", "script.sh");
        using ToolProcess process = _tool.StartAtTerminal(80, "run", reply, "--approve");

        await process.PrintsAsync($"  | rm -rf /tmp/x␍␛[Kecho harmless\r\n  | echo a<U+202E>b<U+200D>c\r\n{Question}");

        await process.TypeAsync("\n");
        Assert.Equal(1, (await process.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task What_was_typed_before_a_block_is_shown_is_no_answer_to_it()
    {
        string reply = _folder.Save(
            Replies.Of(("python", "import os\nos.mkfifo('go')\nprint('sta' + 'rted', flush=True)\nopen('go').read()"), ("sh", "echo r''un >ran")));
        using ToolProcess process = _tool.StartAtTerminal(80, "run", reply, "--approve", "--work-dir", _folder["work"]);
        await process.PrintsAsync(Question);
        await process.TypeAsync("y\n");
        await process.PrintsAsync("started");

        // The terminal's echo tells that it has been typed.
        await process.TypeAsync("yes\n");
        await process.PrintsAsync("started\r\nyes\r\n");
        await File.WriteAllTextAsync(Path.Combine(_folder["work"], "go"), "", TestContext.Current.CancellationToken);
        await process.PrintsAsync($"sh, run by sh (2 of 2)\r\n  | echo r''un >ran\r\n{Question}");
        await process.TypeAsync("n\n");

        Assert.Equal(1, (await process.ExitAsync()).ExitCode);
        Assert.False(File.Exists(Path.Combine(_folder["work"], "ran")));
    }

    [Fact]
    public async Task Ctrl_C_at_the_question_ends_the_run()
    {
        using ToolProcess process = _tool.StartAtTerminal(80, "run", _folder.Save(Replies.Python("print(1)")), "--approve");
        await process.PrintsAsync(Question);

        await process.TypeAsync("\u0003");

        ToolResult result = await process.ExitAsync();
        Assert.EndsWith("\r\nglovebox: The run was cancelled; its code was ended.\r\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(130, result.ExitCode);
        Assert.Empty(_tool.Leavings);
    }

    [Theory]
    [InlineData("Python3", "python, run by python3 or python")]
    [InlineData("BASH", "bash, run by bash")]
    [InlineData("shell", "sh, run by sh")]
    public async Task The_question_names_the_language_and_its_program_however_the_reply_spells_it(string spelling, string shown)
    {
        string reply = _folder.Save($"```{spelling}\nx\n```\n");
        using ToolProcess process = _tool.StartAtTerminal(80, "run", reply, "--approve");
        await process.PrintsAsync($"{shown}\r\n  | x\r\n{Question}");
        await process.TypeAsync("n\n");
        Assert.Equal(1, (await process.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task A_language_that_only_looks_like_one_is_not_asked_for_and_does_not_run()
    {
        string reply = _folder.Save("```p\u0443thon\nprint(1)\n```\n");
        using ToolProcess process = _tool.StartAtTerminal(80, "run", reply, "--approve");
        ToolResult result = await process.ExitAsync();
        Assert.Contains("unknown language p\u0443thon", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Question, result.Output, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task Without_a_terminal_nothing_runs()
    {
        // Whoever runs the tests may have a terminal; a session of its own has none.
        ToolResult result = await _tool.ShellAsync(
            "setsid --wait \"$TOOL\" run --approve \"$1\"", _folder.Save(Replies.Python("print(1)")));

        Assert.Equal(
            "glovebox: --approve needs a terminal to ask at, and there is none.\nRun it at a terminal, or leave --approve out.\n",
            result.Errors);
        Assert.Empty(result.Output);
        Assert.Equal(2, result.ExitCode);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }
}
