using System.Text.Json;
using Glovebox.Tests.Cli.Mcp;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary><c>--audit</c> and <c>glovebox audit verify</c>.</summary>
public sealed class AuditTests : IDisposable
{
    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Audit => _folder["audit.jsonl"];

    [Fact]
    public async Task What_runs_is_kept_and_the_file_is_intact()
    {
        string reply = _folder.Save(Replies.Of(("python", "print('tr0ub4dor')"), ("sh", "exit 3")));
        Assert.Equal(3, (await _tool.RunAsync("run", reply, "--audit", Audit)).ExitCode);
        Assert.Equal(3, (await _tool.RunAsync("run", reply, "--audit", Audit)).ExitCode);

        Assert.Equal(
            ["audit-opened", "execution-started", "block-completed", "block-completed", "execution-ended", "audit-opened", "execution-started", "block-completed", "block-completed", "execution-ended"],
            Events().Select(e => e.GetProperty("type").GetString()));
        Assert.DoesNotContain("tr0ub4dor", await File.ReadAllTextAsync(Audit, Ct), StringComparison.Ordinal);
        Assert.Equal(Environment.UserName, Events()[1].GetProperty("who").GetString());

        ToolResult verified = await _tool.RunAsync("audit", "verify", Audit);
        Assert.StartsWith("10 lines in 1 file, numbers 1 to 10: the chain is intact.\nThe last hash is ", verified.Output, StringComparison.Ordinal);
        Assert.Equal(0, verified.ExitCode);
    }

    [Fact]
    public async Task Code_and_output_are_kept_on_request()
    {
        await _tool.RunWithInputAsync(
            Replies.Python("print('out' + 'put')"), "run", "--audit", Audit, "--audit-include", "code", "--audit-include", "output");
        Assert.Equal("print('out' + 'put')\n", Events()[1].GetProperty("blocks")[0].GetProperty("code").GetString());
        Assert.Equal("output\n", Events()[2].GetProperty("output").GetString());
    }

    [Fact]
    public async Task What_is_wrong_is_said_with_its_place()
    {
        await _tool.RunWithInputAsync(Replies.Python("exit(4)"), "run", "--audit", Audit);
        string[] lines = await File.ReadAllLinesAsync(Audit, Ct);
        await File.WriteAllLinesAsync(Audit, [lines[0], lines[2].Replace("\"exitCode\":4", "\"exitCode\":0", StringComparison.Ordinal), lines[3]], Ct);

        ToolResult text = await _tool.RunAsync("audit", "verify", Audit);
        Assert.Equal(
            $"""
            {Audit}, line 2 (number 3): It was changed after it was written.
            {Audit}, line 2 (number 3): Line 2 of the audit is missing before it.
            3 lines in 1 file, numbers 1 to 4: the chain is broken: 2 things are wrong.

            """,
            text.Output);
        Assert.Equal(1, text.ExitCode);

        ToolResult json = await _tool.RunAsync("audit", "verify", Audit, "--json");
        JsonElement report = JsonDocument.Parse(json.Output).RootElement;
        Assert.False(report.GetProperty("isIntact").GetBoolean());
        Assert.Equal("Changed", report.GetProperty("problems")[0].GetProperty("kind").GetString());
        Assert.Equal(2, report.GetProperty("problems")[0].GetProperty("line").GetInt32());
        Assert.Equal(1, json.ExitCode);
    }

    [Fact]
    public async Task With_a_key_nobody_else_can_write_the_audit_again()
    {
        string key = _folder["key"];
        await File.WriteAllBytesAsync(key, new byte[32], Ct);
        await _tool.RunWithInputAsync(Replies.Python("1"), "run", "--audit", Audit, "--audit-key", key);
        Assert.Equal(0, (await _tool.RunAsync("audit", "verify", Audit, "--key", key)).ExitCode);

        ToolResult without = await _tool.RunAsync("audit", "verify", Audit);
        Assert.EndsWith("was written with a key, and cannot be checked without it.\nName the file of the key with --key.\n", without.Errors, StringComparison.Ordinal);
        Assert.Equal(2, without.ExitCode);

        File.Delete(Audit);
        await _tool.RunWithInputAsync(Replies.Python("1"), "run", "--audit", Audit);
        ToolResult again = await _tool.RunAsync("audit", "verify", Audit, "--key", key);
        Assert.Contains("line 1 (number 1): It was made without the key.", again.Output, StringComparison.Ordinal);
        Assert.Equal(1, again.ExitCode);
    }

    [Fact]
    public async Task A_hash_that_was_noted_is_looked_for()
    {
        await _tool.RunWithInputAsync(Replies.Python("1"), "run", "--audit", Audit);
        string hash = (await _tool.RunAsync("audit", "verify", Audit)).Lines[1][^65..^1];
        await _tool.RunWithInputAsync(Replies.Python("2"), "run", "--audit", Audit);
        Assert.Equal(0, (await _tool.RunAsync("audit", "verify", Audit, "--expect", hash)).ExitCode);
        string[] lines = await File.ReadAllLinesAsync(Audit, Ct);
        await File.WriteAllLinesAsync(Audit, lines[..2], Ct);
        ToolResult cut = await _tool.RunAsync("audit", "verify", Audit, "--expect", hash);
        Assert.StartsWith($"All files: No line has the expected hash {hash}", cut.Output, StringComparison.Ordinal);
        Assert.Equal(1, cut.ExitCode);
    }

    [Theory]
    [InlineData("There is no file 'none.jsonl'.", "audit", "verify", "none.jsonl")]
    [InlineData("'/tmp' is a folder.", "audit", "verify", "/tmp")]
    [InlineData("Required argument 'FILE' missing", "audit", "verify")]
    [InlineData("There is no option --jsno.", "audit", "verify", "x", "--jsno")]
    [InlineData("--expect takes the 64 digits of a hash.", "audit", "verify", "x", "--expect", "1")]
    [InlineData("There is no file 'none' for --key.", "audit", "verify", "/etc/passwd", "--key", "none")]
    [InlineData("Required command was not provided.", "audit")]
    [InlineData("--audit-key needs --audit FILE.", "run", "x.py", "--audit-key", "k")]
    [InlineData("--audit-include takes code, output or arguments, not 'all'.", "run", "x.py", "--audit", "a", "--audit-include", "all")]
    [InlineData("--audit is empty.", "run", "x.py", "--audit", "")]
    public async Task Wrong_usage_is_said(string message, params string[] arguments)
    {
        ToolResult result = await _tool.RunAsync(arguments);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("", "The file is empty: an audit file has at least one line.")]
    [InlineData("hello\nworld\n", "line 1: It has not the form of one: it is no line of an audit, or was changed.")]
    public async Task What_is_no_audit_file_is_said_in_two_lines(string content, string message)
    {
        await File.WriteAllTextAsync(Audit, content, Ct);
        ToolResult result = await _tool.RunAsync("audit", "verify", Audit);
        Assert.Contains(message, result.Lines[0], StringComparison.Ordinal);
        Assert.Equal("No line of an audit is in 1 file: this is no audit file, or nothing is left of it.", result.Lines[1]);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task Nothing_runs_where_the_audit_cannot_be_kept()
    {
        await File.WriteAllTextAsync(Audit, "hello\n", Ct);
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Python("open('ran', 'w')"), "run", "--audit", Audit, "--work-dir", _folder["work"]);
        Assert.StartsWith($"glovebox: '{Audit}' does not end as an audit file does: nothing is added to it.\n", result.Errors, StringComparison.Ordinal);
        Assert.Equal(125, result.ExitCode);
        Assert.False(File.Exists(_folder["work/ran"]));
    }

    [Theory]
    [InlineData("work")]
    [InlineData("above/work")]
    [InlineData("link")]
    public async Task An_audit_where_the_programs_may_write_is_refused(string workDir)
    {
        Directory.CreateDirectory(_folder["work"]);
        Directory.CreateSymbolicLink(_folder["link"], _folder["work"]);
        Directory.CreateSymbolicLink(_folder["above"], _folder.Path);
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Python("1"), "run", "--audit", _folder["work/audit.jsonl"], "--work-dir", _folder[workDir]);
        Assert.Equal(
            "glovebox: --audit names a file in the work directory, where the programs may write.\nName one elsewhere.\n", result.Errors);
        Assert.Equal(2, result.ExitCode);
    }

    [Fact]
    public async Task On_a_full_disk_nothing_runs_and_with_room_again_the_chain_goes_on()
    {
        const string script = """
            exec unshare --user --map-root-user --mount bash -c '
              mount -t tmpfs -o size=64k none "$1" && cd "$1" || exit 99
              cp "$2" reply.md
              run() { "$TOOL" run reply.md --executor local --audit audit.jsonl --work-dir "$1-work" > /dev/null 2>> "$3"; echo "run $?"; }
              run "$@"
              head -c 1M /dev/zero > filler 2> /dev/null
              for i in 1 2 3 4 5; do run "$@"; done
              "$TOOL" audit verify audit.jsonl > /dev/null; echo "verify $?"
              rm filler
              run "$@"
              "$TOOL" audit verify audit.jsonl > /dev/null; echo "verify $?"
            ' bash "$@"
            """;
        Directory.CreateDirectory(_folder["disk"]);
        string reply = _folder.Save(Replies.Of(("sh", "echo ran >>ran")));
        ToolResult result = await _tool.ShellAsync(script, _folder["disk"], reply, _folder["errors"]);
        string errors = File.Exists(_folder["errors"]) ? await File.ReadAllTextAsync(_folder["errors"], Ct) : "";
        Assert.True(result.Lines[0] == "run 0", $"{result.Output}{result.Errors}{errors}");
        Assert.Equal("run 125", result.Lines[5]);
        Assert.Equal(["verify 0", "run 0", "verify 0"], result.Lines[6..]);
        Assert.Contains("cannot be written: No space left on device", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_block_that_the_user_denies_is_kept()
    {
        string reply = _folder.Save(Replies.Of(("sh", "echo never")));
        using ToolProcess process = _tool.StartAtTerminal(80, "run", reply, "--approve", "--audit", Audit);
        await process.PrintsAsync("Run this block? [y/N] ");
        await process.TypeAsync("n\n");
        await process.ExitAsync();
        Assert.Equal("Denied", Events().Single(e => e.GetProperty("type").GetString() == "block-completed").GetProperty("termination").GetString());
    }

    [Fact]
    public async Task A_server_keeps_what_its_sessions_run()
    {
        await using (McpServerProcess server = await McpServerProcess.StartAsync("--audit", Audit))
        {
            await server.RunAsync("print(1)", "one");
            await server.RunAsync("print(2)", "two");
        }

        Assert.Equal(
            [$"{Environment.UserName}, session one", $"{Environment.UserName}, session two"],
            Events().Where(e => e.GetProperty("type").GetString() == "execution-ended").Select(e => e.GetProperty("who").GetString()));
        Assert.Equal(0, (await _tool.RunAsync("audit", "verify", Audit)).ExitCode);
    }

    [Fact]
    public async Task Help_says_how_it_is_used()
    {
        ToolResult result = await _tool.RunAsync("audit", "verify", "--help");
        Assert.Contains("0 when the chain is intact; 1 when it is broken; 2 for wrong usage", result.Output, StringComparison.Ordinal);
        Assert.Contains("--expect <HASH>", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("verify <FILE>", (await _tool.RunAsync("audit", "--help")).Output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }

    private JsonElement[] Events() =>
        [.. File.ReadAllLines(Audit).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("event"))];
}
