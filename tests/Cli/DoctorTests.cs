using System.Text.Json;
using Glovebox.Cli.Executors;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary><c>glovebox doctor</c>.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly Tool _tool = new();

    [Fact]
    public async Task What_works_is_shown_with_what_it_enforces()
    {
        ToolResult result = await _tool.RunAsync("doctor");

        Assert.StartsWith("Glovebox ", result.Lines[0], StringComparison.Ordinal);
        Assert.Matches(@"\nbubblewrap +available, \d+\.\d+\.\d+\n  memory      (full|partial|none)", result.Output);
        Assert.Contains(
            "\n  network     full     a network namespace with nothing but its loopback\n", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n  python      +usable   3\.\d+", result.Output);
        Assert.Matches(@"\n  bash        +usable   \d+\.\d+", result.Output);
        Assert.Matches(@"\nlocal +available, isolates nothing; auto never takes it\n", result.Output);
        Assert.EndsWith("\n--executor auto takes bubblewrap here.\n", result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Errors);
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task What_does_not_work_is_shown_with_what_to_do()
    {
        using FakeBubblewrap fake = new("0.8.0", "bwrap: setting up uid map: Permission denied");

        ToolResult result = await _tool.With("PATH", fake.Path).RunAsync("doctor");

        Assert.Matches(
            @"\nbubblewrap +not available\n +This machine does not let bubblewrap make the namespaces of a sandbox: bwrap: setting up uid map: Permission denied\.\n"
                + " +Allow unprivileged user namespaces: ",
            result.Output);
        Assert.EndsWith(
            "\nNo executor that isolates works here, so --executor auto runs nothing.\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task The_same_is_there_as_JSON()
    {
        ToolResult result = await _tool.RunAsync("doctor", "--json");

        JsonElement root = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(["version", "platform", "auto", "executors"], root.EnumerateObject().Select(p => p.Name));
        Assert.Equal("bubblewrap", root.GetProperty("auto").GetString());
        Assert.Equal(
            ExecutorKinds.All.Select(k => k.Name),
            root.GetProperty("executors").EnumerateArray().Select(e => e.GetProperty("name").GetString()));
        JsonElement bubblewrap = root.GetProperty("executors")[0];
        Assert.Equal(
            ["name", "available", "isolated", "version", "reason", "hint", "guestAgent", "note", "controls", "languages"],
            bubblewrap.EnumerateObject().Select(p => p.Name));
        Assert.True(bubblewrap.GetProperty("available").GetBoolean());
        Assert.True(bubblewrap.GetProperty("isolated").GetBoolean());
        Assert.Equal(JsonValueKind.Null, bubblewrap.GetProperty("reason").ValueKind);
        JsonElement filesystem = bubblewrap.GetProperty("controls").EnumerateArray().Single(
            c => c.GetProperty("name").GetString() == "filesystem");
        Assert.Equal(["name", "level", "mechanism"], filesystem.EnumerateObject().Select(p => p.Name));
        Assert.Equal("full", filesystem.GetProperty("level").GetString());
        JsonElement[] languages = [.. bubblewrap.GetProperty("languages").EnumerateArray()];
        Assert.Equal(CodeLanguage.Defaults.Select(l => l.Name), languages.Select(l => l.GetProperty("name").GetString()));
        Assert.All(languages, l => Assert.Equal(["name", "usable", "version", "hint"], l.EnumerateObject().Select(p => p.Name)));
        Assert.True(languages[0].GetProperty("usable").GetBoolean());
        Assert.Matches(@"^3\.\d+", languages[0].GetProperty("version").GetString());
        Assert.All(
            languages, l => Assert.NotEqual(l.GetProperty("usable").GetBoolean(), l.GetProperty("hint").ValueKind == JsonValueKind.String));
        JsonElement local = root.GetProperty("executors").EnumerateArray().Single(e => e.GetProperty("name").GetString() == "local");
        Assert.False(local.GetProperty("isolated").GetBoolean());
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task What_does_not_work_is_there_as_JSON()
    {
        using TestFolder empty = new();

        ToolResult result = await _tool.With("PATH", empty.Path).RunAsync("doctor", "--json");

        JsonElement root = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(JsonValueKind.Null, root.GetProperty("auto").ValueKind);
        JsonElement bubblewrap = root.GetProperty("executors")[0];
        Assert.False(bubblewrap.GetProperty("available").GetBoolean());
        Assert.Equal("Bubblewrap (bwrap) is not on PATH.", bubblewrap.GetProperty("reason").GetString());
        Assert.StartsWith("Install it", bubblewrap.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task Lines_are_wrapped_between_words_in_a_narrow_terminal()
    {
        ToolResult result = await _tool.With("NO_COLOR", "1").RunAtTerminalAsync(45, "doctor");

        // An address cannot be broken: it may be longer than the line, and then stands alone on it.
        Assert.All(result.Lines.Where(l => l.Trim().Contains(' ')), line => Assert.InRange(line.Length, 0, 45));
        Assert.Contains("  network     full     a network namespace\n"
            + "                       with nothing but its\n                       loopback\n",
            result.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    public void Dispose() => _tool.Dispose();
}
