using System.Runtime.InteropServices;

namespace Glovebox.Cli;

/// <summary>Turns the signals that ask the tool to end into a cancellation, so that the sandbox ends before the tool does.</summary>
/// <remarks>The second signal ends the tool at once; the sandbox then dies with it.</remarks>
internal sealed class TerminationSignals : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly PosixSignalRegistration[] _registrations;

    public TerminationSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => End(context, 1)),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, 15)),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _ended.Token;

    /// <summary>The exit code that names the first signal.</summary>
    public int ExitCode { get; private set; }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _ended.Dispose();
    }

    private void End(PosixSignalContext context, int signal)
    {
        if (!_ended.IsCancellationRequested)
        {
            context.Cancel = true;
            ExitCode = ExitCodes.Signalled(signal);
            _ended.Cancel();
        }
    }
}
