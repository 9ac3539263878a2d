using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Local;

/// <summary>Talks to a process of the host, if it has started.</summary>
internal sealed class LocalControls : IProcessControls
{
    /// <summary>Gets or sets the process; null: it has not started, and does not.</summary>
    public HostProcess? Process { get; set; }

    public Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        Process?.WriteAsync(data, cancellationToken) ?? Task.FromException(new IOException("The process did not start."));

    public Task CloseInputAsync() => Process?.CloseInputAsync() ?? Task.CompletedTask;

    public Task<bool> SignalAsync(int signal, CancellationToken cancellationToken) =>
        Process?.SignalAsync(signal, cancellationToken) ?? Task.FromResult(false);

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken) =>
        Process?.ResizeAsync(size, cancellationToken) ?? Task.CompletedTask;
}
