using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Glovebox.Tests.Server.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Glovebox.Tests.Server;

/// <summary>Guest code calls functions of the client.</summary>
public sealed class FunctionTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private static readonly object[] Add =
    [
        new
        {
            name = "add",
            description = "Adds two numbers.",
            parameters = new { type = "object", properties = new { a = new { type = "integer" }, b = new { type = "integer" } } },
        },
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_is_an_event_and_its_answer_the_result()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync(new { functions = Add });
        await using Events events = await client.WatchAsync($"{session}/events");
        Task<JsonNode> running = client.PostAsync($"{session}/execute", new { code = "from functions import add\nprint(add(a=40, b=2))" });
        JsonNode call = JsonNode.Parse((await events.UntilAsync(e => e.Name == "call")).Data)!;
        Assert.Equal("add", (string)call["function"]!);
        int sum = (int)call["arguments"]!["a"]! + (int)call["arguments"]!["b"]!;
        await client.PostAsync($"{session}/calls/{call["id"]}", new { result = sum }, 204);
        Assert.Equal("42\n", (string)(await running)["output"]!);
        await client.PostAsync($"{session}/calls/{call["id"]}", new { result = sum }, 404);
    }

    [Fact]
    public async Task An_error_of_the_client_is_one_in_the_code()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync(new { functions = Add });
        await using Events events = await client.WatchAsync($"{session}/events");
        Task<JsonNode> running = client.PostAsync($"{session}/execute", new { code = "from functions import add\nadd(a=1, b=2)" });
        JsonNode call = JsonNode.Parse((await events.UntilAsync(e => e.Name == "call")).Data)!;
        await client.PostAsync($"{session}/calls/{call["id"]}", new { error = "out of numbers" }, 204);
        Assert.Contains("out of numbers", (string)(await running)["output"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_nobody_answers_ends_after_its_time()
    {
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync(new { functions = Add, callTimeout = 0.2 });
        JsonNode result = await client.PostAsync($"{session}/execute", new { code = "from functions import add\nadd(a=1, b=2)" });
        Assert.Contains("did not answer within 0.2 seconds", (string)result["output"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_go_to_an_address_that_the_server_allows()
    {
        await using WebApplication receiver = await ReceiverAsync();
        await using TestServer server = await TestServer.StartAsync(o => o.CallbackHosts.Add("127.0.0.1"));
        using HttpClient client = server.Client();
        string session = await client.BeginAsync(
            new { functions = Add, callback = new { url = $"{receiver.Urls.First()}/calls", secret = "s3cret" } });
        JsonNode result = await client.PostAsync($"{session}/execute", new { code = "from functions import add\nprint(add(a=40, b=2))" });
        Assert.Equal("42\n", (string)result["output"]!);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("2130706433")]
    public async Task A_private_address_that_the_server_does_not_allow_gets_no_call(string host)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using HttpClient client = shared.Server.Client();
        string session = await client.BeginAsync(new { functions = Add, callback = new { url = $"http://{host}:{port}/" } });
        JsonNode result = await client.PostAsync($"{session}/execute", new { code = "from functions import add\nadd(a=1, b=2)" });
        Assert.Contains("did not answer as it should", (string)result["output"]!, StringComparison.Ordinal);
        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("ftp://example.org")]
    [InlineData("/calls")]
    [InlineData("http://user:secret@example.org/")]
    public async Task An_address_that_is_none_of_HTTP_is_refused(string url)
    {
        using HttpClient client = shared.Server.Client();
        await client.PostAsync("/v1/sessions", new { functions = Add, callback = new { url } }, 400);
    }

    [Theory]
    [InlineData("not a name")]
    [InlineData("import")]
    [InlineData("")]
    public async Task A_function_without_a_name_that_Python_takes_is_refused(string name)
    {
        using HttpClient client = shared.Server.Client();
        await client.PostAsync("/v1/sessions", new { functions = new[] { new { name } } }, 400);
    }

    private static async Task<WebApplication> ReceiverAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication receiver = builder.Build();
        receiver.MapPost("/calls", async (HttpContext http) =>
        {
            JsonNode call = (await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted))!;
            bool isOurs = http.Request.Headers.Authorization == "Bearer s3cret" && (string)call["function"]! == "add";
            http.Response.StatusCode = isOurs ? 200 : 403;
            await http.Response.WriteAsync(
                $$"""{"result": {{(int)call["arguments"]!["a"]! + (int)call["arguments"]!["b"]!}}}""", http.RequestAborted);
        });
        await receiver.StartAsync(Cancelled);
        return receiver;
    }
}
