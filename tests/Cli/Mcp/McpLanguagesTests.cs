using System.Diagnostics;
using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Glovebox.Tests.Cli.Mcp;

/// <summary>The languages that <c>run_code</c> names are those whose interpreter is there.</summary>
public sealed class McpLanguagesTests : IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The folder of the programs.</summary>
    private readonly TestFolder _programs = new();

    [Fact]
    public async Task Only_languages_that_can_be_used_are_named_and_another_gets_its_error()
    {
        File.CreateSymbolicLink(_programs["sh"], "/bin/sh");
        File.CreateSymbolicLink(_programs["node"], "/bin/true");
        Add("dotnet", "#!/bin/sh\n");
        await using McpServerProcess server = await StartAsync();
        Assert.Equal("The language: sh, javascript.", await NamedAsync(server));
        CallToolResult absent = await server.RunAsync("1", language: "pwsh");
        Assert.True(absent.IsError);
        Assert.Equal("Exit code: 127 (the code was not run)\nOutput:\npwsh: not found\n", McpServerProcess.Text(absent));
        Assert.Equal("Exit code: 0\nOutput:\nhi\n", McpServerProcess.Text(await server.RunAsync("echo hi", language: "shell")));
    }

    [Fact]
    public async Task A_client_that_asks_before_they_are_known_is_told_when_they_are()
    {
        Add("sh", $"#!/bin/sh\nread line < '{_programs["go"]}'\nexec /bin/sh \"$@\"\n");
        using (Process made = Process.Start("mkfifo", [_programs["go"]]))
        {
            await made.WaitForExitAsync(Ct);
        }


        // Clients of newer versions are told what they have subscribed to.
        await using McpServerProcess server = await StartAsync("2025-06-18");
        TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IAsyncDisposable told = server.Client.RegisterNotificationHandler(
            NotificationMethods.ToolListChangedNotification, (_, _) =>
            {
                changed.TrySetResult();
                return default;
            });
        Assert.Equal("The language: python, bash, sh, pwsh, javascript, csharp.", await NamedAsync(server));
        await File.WriteAllTextAsync(_programs["go"], "\n", Ct);
        await changed.Task.WaitAsync(Ct);
        Assert.Equal("The language: sh.", await NamedAsync(server));
    }

    public void Dispose() => _programs.Dispose();

    private Task<McpServerProcess> StartAsync(string? protocolVersion = null) =>
        McpServerProcess.StartAsync(protocolVersion, ["--executor", "local", "--env", $"PATH={_programs.Path}"]);

    private void Add(string name, string script)
    {
        File.WriteAllText(_programs[name], script);
        _programs.SetMode(name, "755");
    }

    private static async Task<string?> NamedAsync(McpServerProcess server)
    {
        IList<McpClientTool> tools = await server.Client.ListToolsAsync(cancellationToken: Ct);
        JsonElement arguments = tools.Single(t => t.Name == "run_code").JsonSchema.GetProperty("properties");
        return arguments.GetProperty("language").GetProperty("description").GetString();
    }
}
