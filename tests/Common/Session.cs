using Glovebox.Tests.Common.Fakes;
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
        ls -A . /tmp /dev/shm /var/tmp 2> /dev/null
        for process in /proc/[0-9]*; do
          { mapfile -d '' -t words < $process/cmdline; } 2> /dev/null && echo "${words[*]}"
        done | sort -u
        """;

    private static readonly TimeSpan LookTime = TimeSpan.FromSeconds(10);

    private readonly SharedSandboxes.Key? _key;

    private string? _clean;

    private readonly TestFolder? _folder;

    private readonly FakeFiles? _memory;

    private Session(ICodeExecutor executor, TestFolder? folder, FakeFiles? memory, FakeTimeProvider clock, SharedSandboxes.Key? key)
    {
        Executor = executor;
        _folder = folder;
        _memory = memory;
        Clock = clock;
        _key = key;
    }

    public ICodeExecutor Executor { get; }

    /// <summary>The work directory on the host, which the fake does not have.</summary>
    public TestFolder Folder => _folder ?? throw new InvalidOperationException("The fake's files are in memory. Use the executor's workspace.");

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

        FakeFiles? memory = kind.IsInMemory ? new() : null;
        TestFolder? folder = memory is null ? new() : null;
        if (kind.IsIsolated)
        {
            folder?.GiveAway();
        }

        FakeTimeProvider clock = new();
        ICodeExecutor executor = kind.Create(setup with
        {
            WorkDir = setup.WorkDir ?? folder?.Path ?? FakeKind.Keep(memory!),
            TimeProvider = ReferenceEquals(setup.TimeProvider, TimeProvider.System) ? clock : setup.TimeProvider,
        });
        await executor.StartAsync(TestContext.Current.CancellationToken);
        Session session = new(executor, folder, memory, clock, key);
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

    /// <summary>Everything in the work directory, links and their like included, sorted.</summary>
    public IEnumerable<string> Entries() => _memory?.Names ?? Folder.Entries();

    /// <summary>Waits until the guest has made a file.</summary>
    public Task AppearsAsync(string name) => _memory is not null
        ? _memory.AppearsAsync(name, TestContext.Current.CancellationToken)
        : Eventually.HoldsAsync(() => File.Exists(Folder[name]), $"the guest makes {name}");

    /// <summary>Writes a file of the work directory.</summary>
    public Task WriteAsync(string name, string text = "") =>
        Executor.Workspace.WriteAllTextAsync(name, text, TestContext.Current.CancellationToken);

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
        _folder?.Dispose();
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
