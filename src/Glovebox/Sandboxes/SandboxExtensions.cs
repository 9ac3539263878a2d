namespace Glovebox.Sandboxes;

/// <summary>What callers of an <see cref="ISandbox"/> mostly use.</summary>
public static class SandboxExtensions
{
    /// <summary>Finds a process that was started in a sandbox and still runs.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="id">The <see cref="ISandboxProcess.Id"/>.</param>
    /// <returns>The process, or null when none of this id runs.</returns>
    public static ISandboxProcess? FindProcess(this ISandbox sandbox, int id)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        return sandbox.Processes.FirstOrDefault(p => p.Id == id);
    }

    /// <summary>Runs a program until it ends.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="request">The program, and what belongs to its run.</param>
    /// <param name="kill">Ends the program and everything that it started. The call still returns an exit, within a second.</param>
    /// <exception cref="WorkspaceException">The file of the request cannot be saved; nothing was run.</exception>
    /// <exception cref="SandboxLostException">The sandbox has ended, or failed by no doing of the program.</exception>
    public static async Task<ProcessExit> RunAsync(this ISandbox sandbox, ProcessRequest request, CancellationToken kill = default)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        ISandboxProcess process = await sandbox.StartProcessAsync(request, CancellationToken.None).ConfigureAwait(false);
        CancellationTokenRegistration killing = kill.UnsafeRegister(static p => ((ISandboxProcess)p!).Kill(), process);
        await using (killing.ConfigureAwait(false))
        {
            return await process.Ended.ConfigureAwait(false);
        }
    }
}
