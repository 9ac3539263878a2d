using System.Collections.Concurrent;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>Starts sandboxes in memory. They have a <c>bash</c>, an <c>sh</c> and a <c>python3</c> that understand what the contract's cases
/// are written in, and an <c>echo</c>; a test adds programs of its own.</summary>
public sealed class FakeSandboxProvider : ISandboxProvider
{
    private readonly ConcurrentQueue<FakeSandbox> _started = new();

    public string Kind => "fake";

    /// <summary>What is on the guest's PATH.</summary>
    public Dictionary<string, FakeProgram> Programs { get; } = new(StringComparer.Ordinal)
    {
        ["bash"] = FakeShell.RunAsync,
        ["sh"] = FakeShell.RunAsync,
        ["python3"] = FakePython.RunAsync,
        ["echo"] = process =>
        {
            process.Print(string.Join(' ', process.Request.Arguments) + "\n");
            return Task.FromResult(0);
        },
    };

    /// <summary>The work directories that are kept between executors, by their paths. One without a path goes with its executor.</summary>
    public ConcurrentDictionary<string, FakeFiles> WorkDirectories { get; init; } = new();

    /// <summary>Called before a sandbox starts.</summary>
    public Func<CancellationToken, Task> Starting { get; set; } = _ => Task.CompletedTask;

    /// <summary>Called before a process starts; its code is saved by then.</summary>
    public Func<FakeProcess, CancellationToken, Task> StartingProcess { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What its sandboxes listen with. Null: they have no guest agent.</summary>
    public ISandboxListener? Listener { get; init; }

    /// <summary>The sandboxes that were started, in order.</summary>
    public IReadOnlyList<FakeSandbox> Started => [.. _started];

    public async Task<ISandbox> StartAsync(SandboxRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Starting(cancellationToken);
        FakeFiles files = request.WorkDirectory is { } path ? WorkDirectories.GetOrAdd(path, _ => new()) : request.Keep(() => new FakeFiles());
        FakeSandbox sandbox = new(this, files);
        _started.Enqueue(sandbox);
        return sandbox;
    }
}
