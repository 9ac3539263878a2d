using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Support;

/// <summary>A started executor with a work directory that the test can see, and a clock that only the test moves.</summary>
public sealed class Session : IAsyncDisposable
{
    private Session(ICodeExecutor executor, TestFolder folder, FakeTimeProvider clock)
    {
        Executor = executor;
        Folder = folder;
        Clock = clock;
    }

    public ICodeExecutor Executor { get; }

    /// <summary>The work directory on the host.</summary>
    public TestFolder Folder { get; }

    /// <summary>What the executor measures timeouts with, unless the set-up named another.</summary>
    public FakeTimeProvider Clock { get; }

    public static async Task<Session> StartAsync(ExecutorKind kind, ExecutorSetup? setup = null)
    {
        setup ??= new();
        TestFolder folder = new();
        if (kind.IsIsolated)
        {
            folder.GiveAway();
        }

        FakeTimeProvider clock = new();
        ICodeExecutor executor = kind.Create(setup with
        {
            WorkDir = setup.WorkDir ?? folder.Path,
            TimeProvider = ReferenceEquals(setup.TimeProvider, TimeProvider.System) ? clock : setup.TimeProvider,
        });
        await executor.StartAsync(TestContext.Current.CancellationToken);
        return new Session(executor, folder, clock);
    }

    public Task<CodeResult> RunAsync(params CodeBlock[] blocks) =>
        Executor.ExecuteCodeBlocksAsync(blocks, TestContext.Current.CancellationToken);

    public Task<CodeResult> PythonAsync(string code) => RunAsync(new CodeBlock("python", code));

    public Task<CodeResult> BashAsync(string code) => RunAsync(new CodeBlock("bash", code));

    /// <summary>Begins an execution and reads its updates while the test goes on.</summary>
    public Running Begin(string language, string code) => Begin([new CodeBlock(language, code)]);

    public Running Begin(IReadOnlyList<CodeBlock> blocks) => BeginCancellable(blocks, CancellationToken.None);

    /// <summary>Begins an execution that the test will cancel.</summary>
    public Running BeginCancellable(IReadOnlyList<CodeBlock> blocks, CancellationToken cancellation) =>
        new(Executor.ExecuteCodeBlocksStreamingAsync(blocks, cancellation));

    public async ValueTask DisposeAsync()
    {
        await Executor.DisposeAsync();
        Folder.Dispose();
    }
}
