namespace Glovebox.Sandboxes;

/// <summary>A process that is run by one asynchronous method, which a token tells to end it.</summary>
internal sealed class SandboxProcess : ISandboxProcess, IDisposable
{
    private readonly CancellationTokenSource _kill = new();

    private SandboxProcess(Func<CancellationToken, Task<ProcessExit>> run) => Ended = RunAsync(run);

    public Task<ProcessExit> Ended { get; }

    public static SandboxProcess Start(Func<CancellationToken, Task<ProcessExit>> run) => new(run);

    public void Kill()
    {
        try
        {
            _kill.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    public void Dispose() => _kill.Dispose();

    private async Task<ProcessExit> RunAsync(Func<CancellationToken, Task<ProcessExit>> run)
    {
        try
        {
            return await run(_kill.Token).ConfigureAwait(false);
        }
        finally
        {
            _kill.Dispose();
        }
    }
}
