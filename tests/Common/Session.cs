using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Common;

/// <summary>A started executor with a work directory that the test can see, and a clock that only the test moves. Its sandbox may have
/// served other tests, which left it clean.</summary>
public sealed class Session : IAsyncDisposable
{
    /// <summary>Empties the work directory, and prints what is left of a test: files, programs.</summary>
    private const string Look = """
        chmod -R u+rwx . 2> /dev/null
        find . -mindepth 1 -delete
        ls -A . /tmp /dev/shm
        for process in /proc/[0-9]*; do
          { mapfile -d '' -t words < $process/cmdline; } 2> /dev/null && echo "${words[*]}"
        done | sort -u
        """;

    private static readonly TimeSpan LookTime = TimeSpan.FromSeconds(10);

    private readonly SharedSandboxes.Key? _key;

    private string? _clean;

    private Session(ICodeExecutor executor, TestFolder folder, FakeTimeProvider clock, SharedSandboxes.Key? key)
    {
        Executor = executor;
        Folder = folder;
        Clock = clock;
        _key = key;
    }

    public ICodeExecutor Executor { get; }

    /// <summary>The work directory on the host.</summary>
    public TestFolder Folder { get; }

    /// <summary>What the executor measures timeouts with, unless the set-up named another.</summary>
    public FakeTimeProvider Clock { get; }

    public static async Task<Session> StartAsync(ExecutorKind kind, ExecutorSetup? setup = null)
    {
        setup ??= new();
        SharedSandboxes.Key? key = kind.StartsSlowly && setup.IsShareable ? new(kind, setup.Timeout, setup.MaxOutput) : null;
        if (key is not null && SharedSandboxes.TryTake(key) is { } shared)
        {
            return shared;
        }

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
        Session session = new(executor, folder, clock, key);
        if (key is not null)
        {
            session._clean = await session.LookAsync();
        }

        return session;
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

    /// <summary>Leaves the sandbox to another test when it is as it was, and ends it otherwise.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_key is null || _clean is null || await LookAsync() != _clean || !SharedSandboxes.TryKeep(_key, this))
        {
            await EndAsync();
        }
    }

    internal async ValueTask EndAsync()
    {
        await Executor.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>What the sandbox holds; null when it does not run, or is not clean.</summary>
    private async Task<string?> LookAsync()
    {
        using CancellationTokenSource time = new(LookTime);
        try
        {
            CodeResult look = await Executor.ExecuteCodeBlocksAsync([new("bash", Look)], time.Token);
            return look.ExitCode == 0 && !Folder.Entries().Any() ? look.Output : null;
        }
        catch (Exception e) when (e is CodeExecutionException or InvalidOperationException or OperationCanceledException)
        {
            return null;
        }
    }
}
