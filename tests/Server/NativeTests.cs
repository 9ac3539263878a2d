using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Glovebox.Server.Keys;
using Glovebox.Tests.Server.Support;

namespace Glovebox.Tests.Server;

/// <summary>The server's own API, by plain HTTP.</summary>
public sealed class NativeTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private static readonly string[] PublicHost = ["example.org"];
    private static readonly string[] ThisMachine = ["127.0.0.1:80"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Code_runs_in_a_session_of_its_own()
    {
        using HttpClient client = shared.Server.Client();
        JsonNode result = await client.PostAsync("/v1/execute", new { code = "print(6 * 7)" });
        Assert.Equal(("42\n", 0), ((string)result["output"]!, (int)result["exitCode"]!));
        Assert.Empty((await client.GetAsync("/v1/sessions", 200))["sessions"]!.AsArray());
    }

    [Fact]
    public async Task A_session_keeps_state_until_it_is_ended()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync();
        await client.PostAsync($"{session}/execute", new { code = "x = 41" });
        Assert.Equal("42\n", (string)(await client.PostAsync($"{session}/execute", new { code = "print(x + 1)" }))["output"]!);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(session, Cancelled)).StatusCode);
        Assert.Equal("unknown-session", (string)(await client.GetAsync(session, 404))["code"]!);
    }

    [Fact]
    public async Task Updates_come_as_events_while_the_code_runs()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, $"{session}/execute")
        {
            Content = JsonContent.Create(new
            {
                code = "import os, time\nprint('first', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('second')",
            }),
        };
        request.Headers.Accept.ParseAdd("text/event-stream");
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        await using Events events = new(await response.Content.ReadAsStreamAsync(Cancelled));
        await events.UntilAsync(e => e.Data.Contains("first", StringComparison.Ordinal));
        await client.PutAsync($"{session}/files?path=/workspace/go", new StringContent(""), Cancelled);
        await events.UntilAsync(e => e.Data.Contains("second", StringComparison.Ordinal));
        Assert.Equal("done", (await events.UntilAsync(e => e.Name != "update")).Name);
    }

    [Fact]
    public async Task Who_watches_a_session_sees_what_others_run_and_comes_back_where_it_was()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync();
        await client.PostAsync($"{session}/execute", new { code = "print('one')" });
        long seen;
        await using (Events events = await client.WatchAsync($"{session}/events"))
        {
            seen = (await events.UntilAsync(e => e.Data.Contains("block-completed", StringComparison.Ordinal))).Id;
        }

        await client.PostAsync($"{session}/execute", new { code = "print('two')" });
        await using Events later = await client.WatchAsync($"{session}/events?after={seen}");
        Assert.Contains("block-started", (await later.NextAsync()).Data, StringComparison.Ordinal);
        await later.UntilAsync(e => e.Data.Contains("two", StringComparison.Ordinal));
        await client.DeleteAsync(session, Cancelled);
        Assert.Equal("ended", (await later.UntilAsync(e => e.Name == "ended")).Name);
    }

    [Fact]
    public async Task Another_key_does_not_know_the_session()
    {
        using HttpClient owner = shared.Server.Client();
        using HttpClient other = shared.Server.Client();
        string session = await owner.BeginAsync();
        string unknown = "/v1/sessions/" + new string('0', 32);
        foreach ((HttpMethod method, string path) in new[]
        {
            (HttpMethod.Get, ""), (HttpMethod.Delete, ""), (HttpMethod.Get, "/events"), (HttpMethod.Get, "/contexts"),
            (HttpMethod.Get, "/processes"), (HttpMethod.Get, "/files/list"), (HttpMethod.Get, "/files?path=/workspace/x"),
        })
        {
            using HttpRequestMessage foreign = new(method, session + path);
            using HttpRequestMessage never = new(method, unknown + path);
            using HttpResponseMessage answer = await other.SendAsync(foreign, Cancelled);
            using HttpResponseMessage same = await other.SendAsync(never, Cancelled);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Equal(await same.Content.ReadAsStringAsync(Cancelled), await answer.Content.ReadAsStringAsync(Cancelled));
        }

        Assert.Empty((await other.GetAsync("/v1/sessions", 200))["sessions"]!.AsArray());
        Assert.Single((await owner.GetAsync("/v1/sessions", 200))["sessions"]!.AsArray());
        await owner.PostAsync($"{session}/execute", new { code = "1" });
        Assert.Empty((await other.GetAsync("/v1/audit", 200))["events"]!.AsArray());
        Assert.NotEmpty((await owner.GetAsync("/v1/audit", 200))["events"]!.AsArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("gbx_")]
    [InlineData("gbx_000000000000_AAAA")]
    [InlineData("Bearer")]
    public async Task Who_has_no_key_gets_nothing(string key)
    {
        using HttpClient client = new() { BaseAddress = shared.Server.Address };
        client.DefaultRequestHeaders.Add("X-API-Key", key);
        Assert.Equal("key-needed", (string)(await client.GetAsync("/v1/sessions", 401))["code"]!);
    }

    [Fact]
    public async Task A_key_that_was_removed_is_none_any_more()
    {
        string key = shared.Server.AddKey("removed");
        using HttpClient client = shared.Server.Client(key);
        await client.GetAsync("/v1/sessions", 200);
        Assert.True(shared.Server.Keys.Remove("removed"));
        await client.GetAsync("/v1/sessions", 401);
    }

    [Theory]
    [InlineData("evil.test", 421)]
    [InlineData("localhost.evil.test", 421)]
    [InlineData("127.0.0.1.evil.test:80", 421)]
    [InlineData("LOCALHOST:1", 200)]
    [InlineData("[::1]", 200)]
    public async Task A_name_that_is_not_the_servers_is_refused(string host, int status)
    {
        using HttpClient client = shared.Server.Client();
        client.DefaultRequestHeaders.Host = host;
        await client.GetAsync("/v1/sessions", status);
    }

    [Theory]
    [InlineData("http://evil.test", 403)]
    [InlineData("null", 403)]
    [InlineData(null, 200)]
    public async Task A_page_of_another_origin_is_refused(string? origin, int status)
    {
        using HttpClient client = shared.Server.Client();
        client.DefaultRequestHeaders.Add("Origin", origin ?? shared.Server.Address.GetLeftPart(UriPartial.Authority));
        await client.GetAsync("/v1/sessions", status);
    }

    [Theory]
    [InlineData("""{"memory": 1}""", 400)]
    [InlineData("""{"memory": 1099511627776, "cpus": "x"}""", 400)]
    [InlineData("""{"unknown": 1}""", 400)]
    [InlineData("""{"lifetime": -1}""", 400)]
    [InlineData("""{"lifetime": 1e9}""", 400)]
    [InlineData("""{"network": "all"}""", 400)]
    [InlineData("""{"network": "full"}""", 403)]
    [InlineData("""{"allowedDomains": ["example.org"]}""", 403)]
    [InlineData("""{"template": "none"}""", 404)]
    [InlineData("""{"environment": {"A=B": "x"}}""", 400)]
    [InlineData("{", 400)]
    [InlineData("null", 400)]
    [InlineData("[]", 400)]
    public async Task A_session_that_cannot_be_had_is_refused_and_none_is_left(string body, int status)
    {
        using HttpClient client = shared.Server.Client();
        using HttpResponseMessage response = await client.PostAsync("/v1/sessions", new StringContent(body), Cancelled);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.NotEmpty((string)(await response.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!["message"]!);
        Assert.Empty((await client.GetAsync("/v1/sessions", 200))["sessions"]!.AsArray());
    }

    [Theory]
    [InlineData("""{"unknown": 1}""", "The body has a member that is not known: 'unknown'.")]
    [InlineData("""{"memory": "x"}""", "What the body has at $.memory is not of the kind that is expected there.")]
    [InlineData("""{"secrets": [{"name": "A"}]}""", "The body lacks 'value', 'domains'.")]
    [InlineData("{", "The body is not the JSON object that is expected.")]
    public async Task What_is_wrong_with_a_body_is_said_in_the_words_of_the_API(string body, string message)
    {
        using HttpClient client = shared.Server.Client();
        using HttpResponseMessage response = await client.PostAsync("/v1/sessions", new StringContent(body), Cancelled);
        Assert.Equal(message, (string)(await response.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!["message"]!);
    }

    [Fact]
    public async Task A_key_has_what_its_limits_say()
    {
        KeyLimits limits = new() { MaxSessions = 1, MaxMemory = 256 << 20, Network = KeyNetwork.Listed };
        using HttpClient client = shared.Server.Client(shared.Server.AddKey("limited", limits));
        string session = await client.BeginAsync(new { allowedDomains = PublicHost });
        using HttpResponseMessage more = await client.PostAsync("/v1/sessions", null, Cancelled);
        Assert.Equal(HttpStatusCode.TooManyRequests, more.StatusCode);
        Assert.NotNull(more.Headers.RetryAfter);
        Assert.Equal("over-limit", (string)(await client.PostAsync("/v1/sessions", new { memory = 512 << 20 }, 403))["code"]!);
        Assert.Equal(
            "over-limit",
            (string)(await client.PostAsync("/v1/sessions", new { allowedDomains = ThisMachine }, 403))["code"]!);
        JsonNode result = await client.PostAsync($"{session}/execute", new { code = "x = bytearray(400 << 20)" });
        Assert.NotEqual(0, (int)result["exitCode"]!);
    }

    [Fact]
    public async Task Requests_beyond_the_rate_are_told_when_to_come_back()
    {
        using HttpClient client = shared.Server.Client(shared.Server.AddKey("rated", new() { MaxRequestsPerMinute = 3 }));
        for (int i = 0; i < 3; i++)
        {
            await client.GetAsync("/v1/sessions", 200);
        }

        using HttpResponseMessage response = await client.GetAsync("/v1/sessions", Cancelled);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task Contexts_are_made_branched_rolled_back_and_closed()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync();
        JsonNode made = await client.PostAsync($"{session}/contexts", new { name = "mine", language = "python" }, 201);
        Assert.Equal("mine", (string)made["name"]!);
        await client.PostAsync($"{session}/execute", new { code = "x = 1", context = "mine" });
        await client.PostAsync($"{session}/execute", new { code = "x = 2", context = "mine" });
        await client.PostAsync($"{session}/contexts/mine/branch", new { name = "other" }, 201);
        Assert.Equal(1, (int)(await client.PostAsync($"{session}/contexts/mine/roll-back", null, 200))["blockCount"]!);
        Assert.Equal("1\n", (string)(await client.PostAsync($"{session}/execute", new { code = "print(x)", context = "mine" }))["output"]!);
        Assert.Equal("2\n", (string)(await client.PostAsync($"{session}/execute", new { code = "print(x)", context = "other" }))["output"]!);
        Assert.Equal(2, (await client.GetAsync($"{session}/contexts", 200))["contexts"]!.AsArray().Count);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync($"{session}/contexts/mine", Cancelled)).StatusCode);
        await client.PostAsync($"{session}/execute", new { code = "1", context = "mine" }, 404);
    }

    [Fact]
    public async Task Files_are_written_read_in_parts_listed_moved_and_deleted()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync();
        await client.PutAsync($"{session}/files?path=/workspace/a/b.txt", new StringContent("0123456789"), Cancelled);
        using HttpRequestMessage part = new(HttpMethod.Get, $"{session}/files?path=/workspace/a/b.txt");
        part.Headers.Range = new(2, 4);
        using HttpResponseMessage answer = await client.SendAsync(part, Cancelled);
        Assert.Equal((HttpStatusCode.PartialContent, "234"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled)));
        Assert.Equal("bytes 2-4/10", answer.Content.Headers.ContentRange!.ToString());
        using MultipartFormDataContent form = new()
        {
            { new StringContent("one"), "file", "one.txt" },
            { new StringContent("two"), "file", "sub/two.txt" },
        };
        using HttpResponseMessage uploaded = await client.PostAsync($"{session}/files?path=/workspace", form, Cancelled);
        Assert.Equal(HttpStatusCode.Created, uploaded.StatusCode);
        await client.PostAsync($"{session}/files/move", new { from = "/workspace/one.txt", to = "/workspace/a/one.txt" }, 204);
        JsonNode list = await client.GetAsync($"{session}/files/list?depth=3", 200);
        Assert.Equal(
            ["/workspace/a", "/workspace/a/b.txt", "/workspace/a/one.txt", "/workspace/sub", "/workspace/sub/two.txt"],
            list["files"]!.AsArray().Select(f => (string)f!["path"]!).Order(StringComparer.Ordinal));
        await client.DeleteAsync($"{session}/files?path=/workspace/a&recursive=true", Cancelled);
        await client.GetAsync($"{session}/files?path=/workspace/a/b.txt", 404);
    }

    [Theory]
    [InlineData("/home/user")]
    [InlineData("/mnt/data")]
    public async Task The_work_directory_is_where_clients_of_other_services_look_for_it(string path)
    {
        using HttpClient client = shared.Server.Client();
        JsonNode result = await client.PostAsync(
            "/v1/execute", new { code = $"open('{path}/x', 'w').write('here')\nimport os\nprint(open('/workspace/x').read(), os.getcwd())" });
        Assert.Equal("here /workspace\n", (string)result["output"]!);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/x")]
    [InlineData("a/../../x")]
    [InlineData("")]
    public async Task A_form_whose_file_leads_elsewhere_is_refused(string name)
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync();
        string body = $"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\nx\r\n--b--\r\n";
        using StringContent form = new(body);
        form.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        using HttpResponseMessage response = await client.PostAsync($"{session}/files", form, Cancelled);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        // The server closes the connection. A client that waits for its word before it sends the body hears why.
        using SocketsHttpHandler patient = new() { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) };
        using HttpClient client = shared.Server.Client(handler: patient);
        client.DefaultRequestHeaders.ExpectContinue = true;
        using HttpResponseMessage response = await client.PostAsync(
            "/v1/sessions", new StringContent($$"""{"template": "{{new string('x', 9 << 20)}}"}"""), Cancelled);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_process_talks_over_a_socket_and_says_how_it_ended()
    {
        string key = shared.Server.AddKey("process");
        using HttpClient client = shared.Server.Client(key);
        string session = await client.BeginAsync();
        JsonNode process = await client.PostAsync($"{session}/processes", new { program = "cat", input = true }, 201);
        await using Attached attached = await Attached.ToAsync(shared.Server, key, $"{session}/processes/{process["id"]}/attach");
        await attached.SendAsync("hello\n");
        Assert.Equal("hello\n", await attached.OutputAsync());
        await attached.OrderAsync("""{"type":"close-input"}""");
        Assert.Equal("exited", (string)(await attached.ExitAsync())["kind"]!);
    }

    [Fact]
    public async Task A_session_ends_when_its_time_is_over()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync(new { lifetime = 3600 });
        await using Events events = await client.WatchAsync($"{session}/events");
        await client.PatchAsync(session, new { lifetime = 0.2 });
        Assert.Equal("ended", (await events.UntilAsync(e => e.Name == "ended")).Name);
        await client.GetAsync(session, 404);
    }
}
