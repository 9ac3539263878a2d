using System.Text.Json;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli.Serve;

/// <summary><c>glovebox keys</c>.</summary>
public sealed class KeysTests : IDisposable
{
    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    private string Data => _folder["data"];

    [Fact]
    public async Task A_key_is_printed_once_and_alone_and_listed_without_its_secret()
    {
        ToolResult added = await _tool.RunAsync("keys", "add", "mine", "--data", Data, "--max-sessions", "3", "--max-memory", "1G");
        Assert.Matches("^gbx_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n$", added.Output);
        Assert.Equal((0, ""), (added.ExitCode, added.Errors));
        string secret = added.Output.Trim().Split('_', 3)[2];
        ToolResult listed = await _tool.RunAsync("keys", "list", "--data", Data);
        Assert.Matches("^mine  made [0-9-]{10}, never used, 3 sessions, 1024 MiB\n$", listed.Output);
        ToolResult json = await _tool.RunAsync("keys", "list", "--data", Data, "--json");
        using JsonDocument keys = JsonDocument.Parse(json.Output);
        Assert.Equal("mine", keys.RootElement.GetProperty("keys")[0].GetProperty("name").GetString());
        Assert.DoesNotContain(secret, listed.Output + json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_given_once_and_free_again_when_its_key_is_removed()
    {
        Assert.Equal(0, (await _tool.RunAsync("keys", "add", "mine", "--data", Data)).ExitCode);
        ToolResult again = await _tool.RunAsync("keys", "add", "mine", "--data", Data);
        Assert.Contains("There is a key 'mine' already.", again.Errors, StringComparison.Ordinal);
        Assert.Equal(("", 125), (again.Output, again.ExitCode));
        Assert.Equal(0, (await _tool.RunAsync("keys", "remove", "mine", "--data", Data)).ExitCode);
        Assert.Equal("There is no key.\n", (await _tool.RunAsync("keys", "list", "--data", Data)).Output);
        Assert.Contains(
            "There is no key 'mine'.", (await _tool.RunAsync("keys", "remove", "mine", "--data", Data)).Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await _tool.RunAsync("keys", "add", "mine", "--data", Data)).ExitCode);
    }

    [Theory]
    [InlineData("keys", "add")]
    [InlineData("keys", "add", "two words")]
    [InlineData("keys", "add", "--nothing")]
    [InlineData("keys", "add", "x", "--max-sessions", "0")]
    [InlineData("keys", "add", "x", "--network", "all")]
    [InlineData("keys", "add", "x", "--max-memory", "1")]
    [InlineData("keys")]
    public async Task What_is_wrong_is_said_and_no_key_is_made(params string[] arguments)
    {
        ToolResult result = await _tool.RunAsync([.. arguments, .. arguments.Length > 1 ? (string[])["--data", Data] : []]);
        Assert.Equal(2, result.ExitCode);
        Assert.DoesNotContain("gbx_", result.Output, StringComparison.Ordinal);
        Assert.Equal("There is no key.\n", (await _tool.RunAsync("keys", "list", "--data", Data)).Output);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_an_error_that_names_it()
    {
        string file = _folder.Save("no folder");
        ToolResult result = await _tool.RunAsync("keys", "add", "x", "--data", file);
        Assert.Contains(file, result.Errors, StringComparison.Ordinal);
        Assert.Equal(125, result.ExitCode);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }
}
