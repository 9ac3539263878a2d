using System.Globalization;
using System.Text;
using Glovebox.Egress;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

#pragma warning disable xUnit1051 // A reader of the README has no test context.

namespace Glovebox.Tests.Docs;

/// <summary>The C# of the README, compiled and run. DocumentTests sees to it that the two are the same.</summary>
public sealed class ReadmeSnippets
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_goes_in_and_a_message_comes_out()
    {
        string reply = "Sure:\n\n```python\nprint(6 * 7)\n```\n";
        CancellationToken cancellationToken = Ct;
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync();

        IReadOnlyList<CodeBlock> blocks = MarkdownCodeBlocks.Extract(reply);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(blocks, cancellationToken);
        string message = result.FormatForModel();

        Assert.Equal("Exit code: 0\nOutput:\n42\n", message);
    }

    [Fact]
    public async Task The_options_are_those_of_the_table()
    {
        using TestFolder folder = new();
        string workDir = folder["work"];

        await using var executor = new BubblewrapCommandLineCodeExecutor(new BubblewrapCommandLineCodeExecutorOptions
        {
            Timeout = TimeSpan.FromSeconds(20),
            WorkDir = workDir,
            Policy = new ExecutionPolicy { MaxOutput = 256 << 10, Network = NetworkAccess.None },
            Environment = { ["GREETING"] = "hello" },
            Preload = ["json"],
        });

        await executor.StartAsync(Ct);
        CodeBlock block = new("python", "# filename: greet.py\nimport os, sys\nprint(os.environ['GREETING'], 'json' in sys.modules)");
        Assert.Equal("hello True\n", (await executor.ExecuteCodeBlocksAsync([block], Ct)).Output);
        Assert.True(File.Exists(folder["work/greet.py"]));
    }

    [Fact]
    public async Task The_hosts_that_code_may_reach_are_a_list()
    {
        string key = "the-value-of-the-key";

        BubblewrapCommandLineCodeExecutorOptions options = new()
        {
            Policy = new ExecutionPolicy { Network = NetworkAccess.AllowList, AllowedDomains = ["pypi", "GET api.example.org/v1"] },
            Egress =
            {
                Secrets =
                {
                    new EgressSecret { Name = "API_KEY", Value = key, Domains = ["api.example.org"], Header = "Authorization: Bearer {value}" },
                },
            },
        };

        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(options);
        Assert.StartsWith("glovebox-API_KEY-", (await executor.ExecuteCodeBlocksAsync([new("sh", "echo $API_KEY")], Ct)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_language_can_be_added()
    {
        BubblewrapCommandLineCodeExecutorOptions options = new();

        options.Languages.Add(new CodeLanguage("awk", ".awk", ["awk"], ["-f", "{file}", "/dev/null"]) { Aliases = ["gawk"] });

        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(options);
        Assert.Equal("42\n", (await executor.ExecuteCodeBlocksAsync([new("gawk", "BEGIN { print 6 * 7 }")], Ct)).Output);
    }

    [Fact]
    public async Task Functions_are_called()
    {
        BubblewrapCommandLineCodeExecutorOptions options = new()
        {
            Functions =
            {
                AIFunctionFactory.Create((string city) => city.Length * 1000, "get_population"),
                FunctionWithRequirements.FromSource("def double(n: int) -> int:\n    return 2 * n"),
            },
        };
        CodeBlock block = new("python", "from functions import double, get_population\nprint(sum(double(get_population(c)) for c in ['Rome', 'Oslo']))");

        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync(options);
        Assert.Equal("16000\n", (await executor.ExecuteCodeBlocksAsync([block], Ct)).Output);
    }

    [Fact]
    public async Task Files_go_in_and_come_out()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync();

        await executor.Workspace.WriteAllTextAsync("data/numbers.csv", "3\n4\n5\n");
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
        [
            new CodeBlock("bash", "sort -rn data/numbers.csv > sorted.txt"),
        ]);
        string sorted = await executor.Workspace.ReadAllTextAsync("sorted.txt");
        string[] made = [.. result.OutputFiles.Select(f => $"{f.Path}, {f.Size} bytes")];

        Assert.Equal("5\n4\n3\n", sorted);
        Assert.Equal(["sorted.txt, 6 bytes"], made);
    }

    [Fact]
    public async Task An_execution_has_options_of_its_own()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync();

        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new CodeBlock("python", "import sys\nprint(sys.argv[1], input())")],
            new CodeExecutionOptions { Arguments = ["--top"], StandardInput = "10\n"u8.ToArray(), Timeout = TimeSpan.FromSeconds(5) });

        Assert.Equal("--top 10\n", result.Output);
    }

    [Fact]
    public async Task A_result_tells_of_each_block()
    {
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync();
        using Recording Console = new();

        CodeResult result = await executor.ExecuteCodeBlocksAsync(
        [
            new CodeBlock("python", "import sys; print('to stdout'); print('to stderr', file=sys.stderr)"),
            new CodeBlock("bash", "exit 3"),
            new CodeBlock("bash", "echo never reached"),
        ]);

        Console.WriteLine(result.ExitCode);               // 3: of the last block that ran
        Console.WriteLine(result.StandardError);          // to stderr
        Console.WriteLine(result.Blocks.Count);           // 2
        Console.WriteLine(result.Blocks[1].Termination);  // Exited; or Signaled, TimedOut, OutOfMemory, ...
        Console.WriteLine(result.Blocks[1].Duration);

        Assert.StartsWith("3\nto stderr\n\n2\nExited\n00:00:", Console.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Services_have_an_executor()
    {
        string settings = MarkdownCodeBlocks.Extract(File.ReadAllText(Repository.File("README.md"))).Single(b => b.Code.StartsWith("{\"CodeExecutor\"", StringComparison.Ordinal)).Code;
        IConfiguration configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(settings))).Build();
        IServiceCollection services = new ServiceCollection().AddLogging();

        services.AddCodeExecutor(configuration.GetSection("CodeExecutor")).UseLogging().UseOpenTelemetry();

        Assert.Equal(42, await SumAsync(services));
    }

    [Fact]
    public async Task Updates_come_as_it_happens()
    {
        CancellationToken cancellationToken = Ct;
        IReadOnlyList<CodeBlock> blocks = [new("python", "open('x.txt', 'w').close(); print('printed')")];
        await using BubblewrapCommandLineCodeExecutor executor = await StartAsync();
        using Recording Console = new();

        await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync(blocks, cancellationToken))
        {
            switch (update)
            {
                case BlockStartedUpdate started:
                    Console.WriteLine($"--- {started.Block.Language} ---");
                    break;
                case OutputReceivedUpdate output:
                    Console.Write(output.Text);
                    break;
                case FileProducedUpdate file:
                    Console.WriteLine($"made {file.File.Path}");
                    break;
                case BlockCompletedUpdate completed:
                    Console.WriteLine($"exit code {completed.Result.ExitCode}");
                    break;
            }
        }

        Assert.Equal("--- python ---\nprinted\nmade x.txt\nexit code 0\n", Console.Text);
    }

    [Fact]
    public async Task Decorators_wrap_an_executor()
    {
        using CollectingLogger loggerFactory = new();

        ICodeExecutor executor = new BubblewrapCommandLineCodeExecutor()
            .AsBuilder()
            .UseApproval(block => block.Language == "python" ? ApprovalDecision.Approve() : ApprovalDecision.Deny("Python only, please."))
            .UseLogging(loggerFactory)
            .UseOpenTelemetry()
            .Build();

        await using (executor)
        {
            await executor.StartAsync(Ct);
            CodeResult result = await executor.ExecuteCodeBlocksAsync([new("python", "print(1)"), new("bash", "echo 2")], Ct);
            Assert.Equal("1\nCode execution was not approved. Reason: Python only, please.\n", result.Output);
            Assert.Equal(TerminationReason.Denied, result.Blocks[1].Termination);
        }

        Assert.NotEmpty(loggerFactory.Entries);
    }

    private static async Task<BubblewrapCommandLineCodeExecutor> StartAsync(BubblewrapCommandLineCodeExecutorOptions? options = null)
    {
        BubblewrapCommandLineCodeExecutor executor = new(options);
        await executor.StartAsync(Ct);
        return executor;
    }

    private static async Task<int> SumAsync(IServiceCollection services)
    {
        await using ServiceProvider provider = services.BuildServiceProvider();
        ICodeExecutor executor = provider.GetRequiredService<ICodeExecutor>();
        await executor.StartAsync(Ct);
        return int.Parse((await executor.ExecuteCodeBlocksAsync([new("python", "print(40 + 2)")], Ct)).Output, CultureInfo.InvariantCulture);
    }

    /// <summary>Stands in for the console.</summary>
    private sealed class Recording : IDisposable
    {
        private readonly StringWriter _writer = new() { NewLine = "\n" };

        public string Text => _writer.ToString();

        public void Write(string text) => _writer.Write(text);

        public void WriteLine(object text) => _writer.WriteLine(text);

        public void Dispose() => _writer.Dispose();
    }
}
