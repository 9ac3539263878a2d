using System.Text;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The process that holds a sandbox with a guest agent: bwrap, which ends last.</summary>
internal sealed class SandboxSpawn
{
    private readonly Task<string> _errors;

    private SandboxSpawn(SpawnedProcess process)
    {
        Process = process;
        _errors = ReadErrorsAsync(process.Errors);
    }

    public SpawnedProcess Process { get; }

    public static async Task<SandboxSpawn> StartAsync(SandboxCommand command) =>
        new(await SpawnedProcess.StartAsync(SandboxLauncher.Shell, command.Arguments, command.Mounts).ConfigureAwait(false));

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
        return new SandboxStartException(code, await _errors.ConfigureAwait(false), cause);
    }

    /// <summary>Reads what bwrap and the agent say; the last few kilobytes are kept.</summary>
    private static async Task<string> ReadErrorsAsync(Stream stream)
    {
        const int Kept = 8 << 10;
        byte[] buffer = new byte[Kept * 2];
        int filled = 0;
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer.AsMemory(filled)).ConfigureAwait(false)) > 0)
            {
                filled += read;
                if (filled > Kept)
                {
                    buffer.AsSpan(filled - Kept, Kept).CopyTo(buffer);
                    filled = Kept;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The same as its end.
        }

        return Encoding.UTF8.GetString(buffer, 0, filled);
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
