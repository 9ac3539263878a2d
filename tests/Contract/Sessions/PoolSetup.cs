using System.Collections.Concurrent;
using System.Net;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Contract.Sessions;

/// <summary>Makes the executors of a pool, and remembers them.</summary>
internal sealed class PoolSetup
{
    private readonly ConcurrentQueue<ScriptedExecutor> _made = new();

    /// <summary>What was made, in order.</summary>
    public IReadOnlyCollection<ScriptedExecutor> Made => _made;

    /// <summary>What starts do. Default: nothing.</summary>
    public Func<CancellationToken, Task> OnStart { get; set; } = _ => Task.CompletedTask;

    public static bool IsDisposed(ICodeExecutor executor) => executor.GetService<ScriptedExecutor>()!.Calls.Contains("dispose");

    public ScriptedExecutor Make()
    {
        ScriptedExecutor executor = new() { Lifecycle = OnStart, Services = { [typeof(ISandbox)] = new EndingSandbox() } };
        _made.Enqueue(executor);
        return executor;
    }

    /// <summary>Ends the sandbox of an executor, as when a container is removed.</summary>
    public static void EndSandbox(ICodeExecutor executor) => ((EndingSandbox)executor.GetService<ISandbox>()!).End();

    /// <summary>A sandbox that can do nothing but end.</summary>
    private sealed class EndingSandbox : ISandbox
    {
        private readonly TaskCompletionSource _ended = new();

        public string Kind => "ending";

        public string WorkDirectory => throw new NotSupportedException();

        public SandboxCapabilities Capabilities => throw new NotSupportedException();

        public Task Ended => _ended.Task;

        public IWorkspace Workspace => throw new NotSupportedException();

        public ISandboxFiles Files => throw new NotSupportedException();

        public IReadOnlyList<ISandboxProcess> Processes => throw new NotSupportedException();

        public void End() => _ended.SetResult();

        public Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task EndProcessesAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
