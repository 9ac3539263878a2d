using System.Collections.Concurrent;

namespace Glovebox.Sandboxes;

/// <summary>The processes that were started in a sandbox and still run.</summary>
internal sealed class ProcessTable
{
    private readonly ConcurrentDictionary<int, ISandboxProcess> _running = new();
    private int _lastId;

    /// <summary>Gets those that run, the oldest first.</summary>
    public IReadOnlyList<ISandboxProcess> Running => [.. _running.Values.OrderBy(p => p.Id)];

    /// <summary>Gives an id that no other process of the sandbox has had.</summary>
    public int NextId() => Interlocked.Increment(ref _lastId);

    public void Add(ISandboxProcess process) => _running[process.Id] = process;

    public void Remove(ISandboxProcess process) => _running.TryRemove(process.Id, out _);
}
