namespace Glovebox.Environments.Bubblewrap;

internal sealed class BubblewrapEnvironment(BubblewrapCommandLineCodeExecutorOptions options, BubblewrapInternals internals) : IExecutionEnvironment
{
    public string Kind => "bubblewrap";
    public bool IsRunning => false;
    public string WorkDirectory => "/workspace";
    public EnvironmentCapabilities Capabilities => throw new InvalidOperationException($"{options}{internals}");
    public IWorkspace Files => throw new InvalidOperationException();
    public ValueTask DisposeAsync() => default;
    public Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill) => throw new InvalidOperationException();
    public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException();
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
