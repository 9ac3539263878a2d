using Glovebox;
using Glovebox.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(
    new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });

// What runs the code, and within which limits, stands in appsettings.json; --CodeExecutor:Timeout=00:00:05 changes it.
builder.Services.AddCodeExecutor(builder.Configuration.GetSection("CodeExecutor"))
    .UseApproval(block => block.Language == "python" ? ApprovalDecision.Approve() : ApprovalDecision.Deny("Python only, please."))
    .UseLogging();
builder.Services.AddHostedService<Worker>();

// The host's services own the executor, and the host disposes them when it ends.
await builder.Build().RunAsync();

internal sealed class Worker(ICodeExecutor executor, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await executor.StartAsync(stoppingToken);
        CodeBlock[] blocks = [new("python", "print(sum(n * n for n in range(10)))"), new("bash", "echo 'a shell is refused'")];
        CodeResult result = await executor.ExecuteCodeBlocksAsync(blocks, stoppingToken);
        Console.Write(result.FormatForModel());
        lifetime.StopApplication();
    }
}
