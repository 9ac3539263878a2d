using System.Net;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>A sandbox in memory: its programs are methods of a test, which may end or fail as no real sandbox does on demand.</summary>
public sealed class FakeSandbox : ISandbox
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly FakeSandboxProvider _provider;
    private readonly List<FakeProcess> _processes = [];
    private int _lastId;

    internal FakeSandbox(FakeSandboxProvider provider, FakeFiles files)
    {
        _provider = provider;
        Memory = files;
    }

    public string Kind => "fake";

    public string WorkDirectory => "/workspace";

    public SandboxCapabilities Capabilities { get; } = new() { Kind = "fake", IsIsolated = false, UsesGuestAgent = false, Controls = [] };

    public Task Ended => _ended.Task;

    public IWorkspace Workspace => Memory;

    public ISandboxFiles Files => throw new NotSupportedException("The fake has no files but those of its work directory.");

    public FakeFiles Memory { get; }

    /// <summary>Whether the end of a process brings a list of the files along, as where only a guest agent reaches them.</summary>
    public bool ReportsFiles { get; set; }

    public bool IsDisposed { get; private set; }

    /// <summary>The processes that have not ended.</summary>
    public IReadOnlyList<FakeProcess> Running
    {
        get
        {
            lock (_lock)
            {
                return [.. _processes.Where(p => !p.Ended.IsCompleted)];
            }
        }
    }

    public IReadOnlyList<ISandboxProcess> Processes => Running;

    public async Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default)
    {
        request.Validate();
        ThrowIfEnded();
        await request.PrepareAsync(Memory, cancellationToken);
        FakeProcess process = new(this, request, Interlocked.Increment(ref _lastId));
        await _provider.StartingProcess(process, cancellationToken);
        lock (_lock)
        {
            ThrowIfEnded();
            _processes.Add(process);
        }

        if (request.Programs.Select(_provider.Programs.GetValueOrDefault).FirstOrDefault(p => p is not null) is { } program)
        {
            _ = process.RunAsync(program);
        }
        else
        {
            process.End(new(ProcessExitKind.NotFound, 127, $"{request.Programs[0]}: not found"));
        }

        return process;
    }

    public Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
        throw new SandboxLostException("The fake has no guest agent.");

    public Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
        Task.FromResult(_provider.Listener ?? throw new SandboxLostException("The fake has no guest agent."));

    public Task EndProcessesAsync(CancellationToken cancellationToken = default)
    {
        foreach (FakeProcess process in Running.Where(p => !p.Request.IsService && !p.Request.IsBackground))
        {
            process.Kill();
        }

        return Task.CompletedTask;
    }

    public ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => new(false);

    /// <summary>Ends the sandbox under everything that runs in it.</summary>
    public void Lose()
    {
        lock (_lock)
        {
            _ended.TrySetResult();
        }

        foreach (FakeProcess process in Running)
        {
            process.End(new(ProcessExitKind.SandboxLost, 137, "The fake was lost."));
        }
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        Lose();
        return default;
    }

    private void ThrowIfEnded()
    {
        if (Ended.IsCompleted)
        {
            throw new SandboxLostException("The fake has ended.");
        }
    }
}
