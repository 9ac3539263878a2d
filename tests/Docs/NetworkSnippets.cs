#pragma warning disable xUnit1051 // A reader of the documents has no test context.
using Glovebox.Egress;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/network.md. DocumentTests sees to it that they are the same.</summary>
public sealed class NetworkSnippets
{
    [Fact]
    public async Task A_list_with_a_secret()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ApiKey", "a-secret-value")]).Build();

        BubblewrapCommandLineCodeExecutorOptions options = new()
        {
            Policy = new() { Network = NetworkAccess.AllowList, AllowedDomains = ["pypi", "GET api.example.org/v1"] },
        };
        options.Egress.Secrets.Add(new EgressSecret
        {
            Name = "API_KEY",
            Value = configuration["ApiKey"]!,
            Domains = ["api.example.org"],
            Header = "Authorization: Bearer {value}",
        });

        await using BubblewrapCommandLineCodeExecutor executor = new(options);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
        [
            new CodeBlock(
                "python",
                """
                import os, urllib.request
                print(os.environ['API_KEY'].split('-')[1])
                try: urllib.request.urlopen('https://evil.test')
                except OSError as e: print(e.reason)
                """),
        ]);
        Assert.Equal("API_KEY\nTunnel connection failed: 403 evil.test:443 is not an allowed domain.\n", result.Output);
    }
}
