using System.Net;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Glovebox.Tests.Server.Support;

namespace Glovebox.Tests.Server;

/// <summary>The server's beginning and end.</summary>
[SupportedOSPlatform("linux")]
public sealed class LifeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_ready_when_its_sandboxes_have_started()
    {
        await using TestServer server = await TestServer.StartAsync(o => o.StartedAhead = 1);
        using HttpClient client = new() { BaseAddress = server.Address };
        Assert.Equal("healthy", (string)(await client.GetAsync("/healthz", 200))["status"]!);
        while (true)
        {
            using HttpResponseMessage ready = await client.GetAsync("/readyz", Cancelled);
            if (ready.StatusCode == HttpStatusCode.OK)
            {
                break;
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            await Task.Yield();
        }
    }

    [Fact]
    public async Task An_end_waits_for_what_runs_and_begins_nothing_new()
    {
        TestServer server = await TestServer.StartAsync(o => o.DrainTime = TimeSpan.FromSeconds(30));
        using HttpClient client = server.Client();
        string session = await client.BeginAsync();
        await using Events events = await client.WatchAsync($"{session}/events");
        Task<JsonNode> running = client.PostAsync(
            $"{session}/execute",
            new { code = "import os, time\nprint('on', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('finished')" });
        await events.UntilAsync(e => e.Data.Contains("\"text\":\"on", StringComparison.Ordinal));
        Task ending = server.DisposeAsync().AsTask();
        while ((int)(await client.PostAsync("/v1/sessions", null, Cancelled)).StatusCode != 503)
        {
            await Task.Yield();
        }

        Assert.False(ending.IsCompleted);
        await client.PutAsync($"{session}/files?path=/workspace/go", new StringContent(""), Cancelled);
        Assert.Equal("on\nfinished\n", (string)(await running)["output"]!);
        await ending;
    }

    [Fact]
    public async Task An_end_does_not_wait_longer_than_it_is_told()
    {
        TestServer server = await TestServer.StartAsync(o => o.DrainTime = TimeSpan.FromMilliseconds(50));
        using HttpClient client = server.Client();
        string session = await client.BeginAsync();
        await using Events events = await client.WatchAsync($"{session}/events");
        Task<JsonNode> running = client.PostAsync($"{session}/execute", new { code = "print('on', flush=True)\nwhile True: pass" }, 410);
        await events.UntilAsync(e => e.Data.Contains("\"text\":\"on", StringComparison.Ordinal));
        await server.DisposeAsync();
        Assert.Equal("session-ended", (string)(await running)["code"]!);
    }

    [Fact]
    public async Task Keys_and_audit_outlive_the_server_and_sessions_do_not()
    {
        using TestFolder data = new();
        string key;
        await using (TestServer first = await TestServer.StartAsync(data: data))
        {
            key = first.AddKey("kept");
            using HttpClient client = first.Client(key);
            string session = await client.BeginAsync();
            await client.PostAsync($"{session}/execute", new { code = "1" });
        }

        await using TestServer second = await TestServer.StartAsync(data: data);
        using HttpClient again = second.Client(key);
        Assert.Empty((await again.GetAsync("/v1/sessions", 200))["sessions"]!.AsArray());
        Assert.NotEmpty((await again.GetAsync("/v1/audit", 200))["events"]!.AsArray());
    }

    [Fact]
    public async Task The_data_is_for_its_user_alone()
    {
        using TestFolder folder = new();
        string data = Path.Combine(folder.Path, "data");
        await using TestServer server = await TestServer.StartAsync(o => o.DataDirectory = data);
        server.AddKey("any");
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(data));
        Assert.All(Directory.GetFiles(data), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Fact]
    public async Task No_key_is_stored_as_it_is()
    {
        using TestFolder data = new();
        await using TestServer server = await TestServer.StartAsync(data: data);
        string secret = server.AddKey("hidden").Split('_', 3)[2];
        foreach (string file in Directory.GetFiles(data.Path))
        {
            await using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using StreamReader reader = new(stream, System.Text.Encoding.Latin1);
            Assert.DoesNotContain(secret, await reader.ReadToEndAsync(Cancelled), StringComparison.Ordinal);
        }
    }
}
