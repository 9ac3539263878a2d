using System.Text.Json;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary><c>glovebox run --json</c>.</summary>
public sealed class JsonTests : IDisposable
{
    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task The_object_has_every_field_of_the_contract_and_no_other()
    {
        string reply = Replies.Of(
            (
                "py",
                "import sys\nprint('ä \\\"q\\\" <&> \\\\ \\x1b[31m')\nprint('bad', file=sys.stderr)\nopen('plot.png', 'wb').write(b'12')"),
            ("bash", "# filename: sub/two.sh\necho two; exit 7"),
            ("python", "never"));

        ToolResult result = await _tool.RunWithInputAsync(reply, "run", "--json");

        Assert.Equal(7, result.ExitCode);
        Assert.Empty(result.Errors);
        Assert.Equal('\n', result.Output[^1]);
        Assert.Single(result.Lines);
        Assert.Contains("""ä \"q\" <&> \\ \u001B[31m""", result.Output, StringComparison.Ordinal);
        JsonElement root = Parse(result);
        AssertFields(root, "exitCode", "output", "executor", "blocks", "files");
        Assert.Equal(7, root.GetProperty("exitCode").GetInt32());
        Assert.Equal("bubblewrap", root.GetProperty("executor").GetString());
        Assert.Equal(["plot.png"], root.GetProperty("files").EnumerateArray().Select(f => f.GetString()));

        Assert.Equal(2, root.GetProperty("blocks").GetArrayLength());
        JsonElement first = root.GetProperty("blocks")[0];
        AssertFields(
            first, "language", "exitCode", "stdout", "stderr", "durationMs", "codeFile", "timedOut", "truncated", "termination",
            "displays");
        Assert.Equal("python", first.GetProperty("language").GetString());
        Assert.Equal(0, first.GetProperty("exitCode").GetInt32());
        Assert.Equal("ä \"q\" <&> \\ \u001b[31m\n", first.GetProperty("stdout").GetString());
        Assert.Equal("bad\n", first.GetProperty("stderr").GetString());
        Assert.InRange(first.GetProperty("durationMs").GetDouble(), 0.01, 60_000);
        Assert.Matches(@"^tmp_code_[0-9a-f]+\.py$", first.GetProperty("codeFile").GetString());
        Assert.Equal(JsonValueKind.False, first.GetProperty("timedOut").ValueKind);
        Assert.Equal(JsonValueKind.False, first.GetProperty("truncated").ValueKind);
        Assert.Equal("exited", first.GetProperty("termination").GetString());
        Assert.Equal(0, first.GetProperty("displays").GetArrayLength());

        JsonElement second = root.GetProperty("blocks")[1];
        Assert.Equal(7, second.GetProperty("exitCode").GetInt32());
        Assert.Equal("sub/two.sh", second.GetProperty("codeFile").GetString());
        string all = root.GetProperty("output").GetString()!;
        Assert.Equal(
            first.GetProperty("stdout").GetString()!.Length + first.GetProperty("stderr").GetString()!.Length + "two\n".Length, all.Length);
        Assert.EndsWith("two\n", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeout_is_told_from_an_exit_code_of_124()
    {
        JsonElement timedOut = await BlockAsync(124, Replies.Endless(HostProcesses.NewMarker()), "--timeout", "4");
        Assert.Equal(JsonValueKind.True, timedOut.GetProperty("timedOut").ValueKind);
        Assert.Equal("timedOut", timedOut.GetProperty("termination").GetString());
        Assert.Equal("started\n", timedOut.GetProperty("stdout").GetString());

        JsonElement exited = await BlockAsync(124, Replies.Of(("sh", "exit 124")));
        Assert.Equal(JsonValueKind.False, exited.GetProperty("timedOut").ValueKind);
        Assert.Equal("exited", exited.GetProperty("termination").GetString());
    }

    [Fact]
    public async Task What_ended_a_block_has_a_name()
    {
        JsonElement unknown = await BlockAsync(1, Replies.Of(("klingon", "x")));
        Assert.Equal("notStarted", unknown.GetProperty("termination").GetString());
        Assert.Equal("klingon", unknown.GetProperty("language").GetString());
        Assert.Equal(JsonValueKind.Null, unknown.GetProperty("codeFile").ValueKind);

        JsonElement killed = await BlockAsync(137, Replies.Of(("sh", "kill -9 $$")));
        Assert.Equal("signaled", killed.GetProperty("termination").GetString());
    }

    [Fact]
    public async Task Output_that_was_cut_is_marked()
    {
        JsonElement block = await BlockAsync(0, Replies.Of(("bash", "head -c 3000000 /dev/zero | tr '\\0' x")));

        Assert.Equal(JsonValueKind.True, block.GetProperty("truncated").ValueKind);
        Assert.Contains("bytes dropped", block.GetProperty("stdout").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_gone_are_not_named_and_names_that_are_no_text_are_escaped()
    {
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Of(("bash", "printf x > $'caf\\xe9.txt'; touch ok.txt gone.csv"), ("bash", "rm gone.csv")), "run", "--json");

        Assert.Equal([@"caf\xE9.txt", "ok.txt"], Parse(result).GetProperty("files").EnumerateArray().Select(f => f.GetString()));
    }

    [Fact]
    public async Task A_list_of_files_that_was_cut_says_so()
    {
        string reply = Replies.Of(("python", "import os\nopen('0', 'w')\nfor i in range(1, 10_001): os.link('0', str(i))"));

        JsonElement root = Parse(await _tool.RunWithInputAsync(reply, "run", "--json"));
        ToolResult plain = await _tool.RunWithInputAsync(reply, "run");

        AssertFields(root, "exitCode", "output", "executor", "blocks", "files", "filesTruncated");
        Assert.Equal(JsonValueKind.True, root.GetProperty("filesTruncated").ValueKind);
        Assert.EndsWith(
            "\n--- there may be more files: not all of the work directory was looked at ---\n",
            plain.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_code_ran_is_named()
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python("print(1)"), "run", "--json", "--executor", "local");

        Assert.Equal("local", Parse(result).GetProperty("executor").GetString());
    }

    [Fact]
    public async Task The_object_is_UTF_8_whatever_the_locale()
    {
        using Tool latin = new Tool().With("LANG", "en_US.ISO-8859-1").With("LC_ALL", "en_US.ISO-8859-1");

        ToolResult result = await latin.RunWithInputAsync(Replies.Python("print('\\u00e4\\u4e2d')"), "run", "--json");

        Assert.Equal("ä中\n", Parse(result).GetProperty("output").GetString());
    }

    [Fact]
    public async Task An_error_of_Gloveboxs_own_is_an_object_with_exit_code_125()
    {
        using Tool bare = new Tool().With("PATH", _folder.Path);

        ToolResult result = await bare.RunWithInputAsync(Replies.Python("print(1)"), "run", "--json", "--executor", "bubblewrap");

        Assert.Equal(125, result.ExitCode);
        Assert.Empty(result.Errors);
        JsonElement root = Parse(result);
        AssertFields(root, "error");
        AssertFields(root.GetProperty("error"), "code", "message", "hint");
        Assert.Equal("bubblewrap-unavailable", root.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("Bubblewrap (bwrap) is not on PATH.", root.GetProperty("error").GetProperty("message").GetString());
        Assert.StartsWith("Install it", root.GetProperty("error").GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--executor", "nowhere")]
    [InlineData("--timeout", "soon")]
    [InlineData("--bogus", "1")]
    public async Task Wrong_usage_is_an_object_too_with_exit_code_2(string option, string value)
    {
        ToolResult result = await _tool.RunAsync("run", "--json", option, value);

        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Errors);
        Assert.Equal("usage", Parse(result).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("See: glovebox run --help", Parse(result).GetProperty("error").GetProperty("hint").GetString());
    }

    [Fact]
    public async Task A_value_that_looks_like_the_option_is_not_the_option()
    {
        ToolResult result = await _tool.RunAsync("run", "--work-dir=--json", "--bogus");

        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.StartsWith("glovebox: ", result.Errors, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }

    private async Task<JsonElement> BlockAsync(int exitCode, string reply, params string[] options)
    {
        ToolResult result = await _tool.RunWithInputAsync(reply, ["run", "--json", .. options]);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal(exitCode, Parse(result).GetProperty("exitCode").GetInt32());
        return Parse(result).GetProperty("blocks")[0];
    }

    private static JsonElement Parse(ToolResult result) => JsonDocument.Parse(result.Output).RootElement;

    private static void AssertFields(JsonElement element, params string[] names) =>
        Assert.Equal(names, element.EnumerateObject().Select(p => p.Name));
}
