using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The process that holds a sandbox with a guest agent: bwrap, which ends last.</summary>
internal sealed class SandboxSpawn
{
    private readonly BoundedText _errors = new();
    private readonly Task _reading;

    private SandboxSpawn(SpawnedProcess process)
    {
        Process = process;
        _reading = ReadErrorsAsync(process.Errors);
    }

    public SpawnedProcess Process { get; }

    public static async Task<SandboxSpawn> StartAsync(SandboxCommand command) =>
        new(await SpawnedProcess.StartAsync(SandboxCommands.Shell, command.Arguments, command.Mounts).ConfigureAwait(false));

    /// <summary>Waits for its end, and brings it about when that takes too long.</summary>
    public async Task<SandboxStartException> EndAsync(TimeSpan longest, Exception? cause = null)
    {
        Task<int> exit = Process.WaitForExitAsync();
        try
        {
            await exit.WaitAsync(longest).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Process.Kill();
        }

        int code = await exit.ConfigureAwait(false);
        Process.Dispose();
        await _reading.ConfigureAwait(false);
        return new SandboxStartException(code, _errors.ToString(), cause);
    }

    /// <summary>Reads what bwrap and the agent say.</summary>
    private async Task ReadErrorsAsync(Stream stream)
    {
        byte[] buffer = new byte[4 << 10];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                _errors.Write(OutputStream.StandardError, buffer.AsSpan(0, read));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The same as its end.
        }
    }
}

/// <summary>A sandbox ended before its agent answered.</summary>
/// <param name="exitCode">The exit code of bwrap, or of the shell before it.</param>
/// <param name="errors">What it said.</param>
/// <param name="cause">How that was noticed.</param>
internal sealed class SandboxStartException(int exitCode, string errors, Exception? cause) : Exception(errors, cause)
{
    public int ExitCode => exitCode;
}
