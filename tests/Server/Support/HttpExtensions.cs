using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Glovebox.Tests.Server.Support;

/// <summary>Requests whose status is part of what is expected.</summary>
internal static class HttpExtensions
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    extension(HttpClient client)
    {
        public async Task<JsonNode> GetAsync(string path, int status)
        {
            using HttpResponseMessage response = await client.GetAsync(path, Cancelled);
            return await ReadAsync(response, status);
        }

        public async Task<JsonNode> PostAsync(string path, object? body, int status = 200)
        {
            using HttpContent? content = body is null ? null : JsonContent.Create(body);
            using HttpResponseMessage response = await client.PostAsync(path, content, Cancelled);
            return await ReadAsync(response, status);
        }

        public async Task<JsonNode> PatchAsync(string path, object body, int status = 200)
        {
            using HttpResponseMessage response = await client.PatchAsync(path, JsonContent.Create(body), Cancelled);
            return await ReadAsync(response, status);
        }

        /// <summary>Begins a session and gives its path.</summary>
        public async Task<string> BeginAsync(object? body = null) =>
            "/v1/sessions/" + (await client.PostAsync("/v1/sessions", body, 201))["id"];

        public async Task<Events> WatchAsync(string path) => new(await client.GetStreamAsync(path, Cancelled));
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response, int status)
    {
        string text = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}, not {status}: {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }
}
