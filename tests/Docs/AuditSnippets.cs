using Glovebox.Audit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

#pragma warning disable xUnit1051 // A reader of the page has no test context.

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/audit.md, compiled and run. DocumentTests sees to it that the two are the same.</summary>
public sealed class AuditSnippets
{
    [Fact]
    public async Task An_executor_has_an_audit()
    {
        using TestFolder folder = new();
        string path = folder["audit.jsonl"];
        (string user, string tenant) = ("alice", "blue");

        using FileAuditSink sink = new(path);
        ICodeExecutor executor = new BubblewrapCommandLineCodeExecutor()
            .AsBuilder()
            .UseAudit(sink, options => options.Who = () => $"user {user}, tenant {tenant}")
            .UseApproval(block => block.Language == "python" ? ApprovalDecision.Approve() : ApprovalDecision.Deny("Python only, please."))
            .Build();

        await using (executor)
        {
            await executor.ExecuteCodeBlocksAsync([new("python", "print(1)"), new("bash", "echo 2")]);
        }

        AuditChainReport report = await AuditChain.VerifyAsync(AuditChain.FilesOf(path));
        Assert.True(report.IsIntact);
        Assert.Equal(5, report.Lines);
        string kept = await File.ReadAllTextAsync(path);
        Assert.Contains("\"who\":\"user alice, tenant blue\"", kept, StringComparison.Ordinal);
        Assert.Contains("\"termination\":\"Denied\"", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_has_an_audit()
    {
        using TestFolder folder = new();
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AuditFile"] = folder["audit.jsonl"],
            ["CodeExecutor:Kind"] = "bubblewrap",
        }).Build();
        ServiceCollection services = new();
        services.AddLogging();

        services.AddSingleton<IAuditSink>(_ => new FileAuditSink(configuration["AuditFile"]!, new() { KeptFiles = 100 }));
        services.AddCodeExecutor(configuration.GetSection("CodeExecutor")).UseAudit().UseLogging();

        await using (ServiceProvider built = services.BuildServiceProvider())
        {
            await built.GetRequiredService<ICodeExecutor>().ExecuteCodeBlocksAsync([new("python", "print(1)")]);
        }

        // The container has closed the file after the executor.
        using FileAuditSink again = new(folder["audit.jsonl"]);
        Assert.Equal(5, again.LastHash.Sequence);
    }
}
