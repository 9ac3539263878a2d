using System.Net;
using Glovebox.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/server.md. DocumentTests sees to it that they are the same.</summary>
public sealed class ServerSnippets
{
    [Fact]
    public async Task An_application_with_the_server()
    {
        using TestFolder folder = new();
        string data = folder["data"];
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");

        builder.Services.AddCodeExecutorKinds(DockerInterpreterCodeExecutor.Kind);
        builder.Services.AddGlovebox(options =>
        {
            options.DataDirectory = data;
            options.Default = new SessionTemplate("interpreter", executor => executor.Policy = new() { Memory = 1L << 30 });
            options.Templates["science"] = new SessionTemplate("docker-interpreter");
            options.MaxSessions = 50;
        });
        WebApplication app = builder.Build();
        app.UseWebSockets();
        app.MapGlovebox();

        await using (app)
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            using HttpClient client = new() { BaseAddress = new Uri(app.Urls.First()) };
            using HttpResponseMessage health = await client.GetAsync("/healthz", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }
    }
}
