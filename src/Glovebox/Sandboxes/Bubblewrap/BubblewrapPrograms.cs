using System.ComponentModel;
using System.Diagnostics;
using Glovebox.Sandboxes.Agentless;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>Starts programs without an agent: each gets a sandbox of its own over the same work directory.</summary>
/// <param name="launch">Says how a command is started inside a sandbox.</param>
internal sealed class BubblewrapPrograms(Func<IReadOnlyList<string>, SandboxCommand> launch) : IProgramStarter
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    /// <summary>Makes sure that a sandbox can be made at all.</summary>
    /// <exception cref="SandboxStartException">It cannot.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        BoundedText errors = new(OutputStream.StandardError);
        ProcessExit exit = await StartAsync([SandboxCommands.Shell, "-c", ":"], errors, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (exit.ExitCode != 0)
        {
            throw new SandboxStartException(exit.ExitCode, errors.ToString(), new IOException("The sandbox ended at once."));
        }
    }

    public async Task<ProcessExit?> RunAsync(IReadOnlyList<string> command, IOutputSink output, CancellationToken kill)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(kill, _stopping.Token);
        try
        {
            return await StartAsync(command, output, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Win32Exception or OwnersNotMappedException)
        {
            throw new SandboxLostException(
                $"The sandbox of a block could not be started: {e.Message}.", "See that the work directory is still there.", e);
        }
    }

    /// <summary>Runs a program, which is looked for first.</summary>
    public async Task<ProcessExit> RunAsync(ProcessRequest request, CancellationToken kill) =>
        (await new ProgramFinder(RunAsync).RunAsync(request, request.Output ?? NoOutput.Instance, kill).ConfigureAwait(false))!;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _ended.TrySetResult();
    }

    private async Task<ProcessExit> StartAsync(IReadOnlyList<string> command, IOutputSink output, CancellationToken kill)
    {
        SandboxCommand start = launch(command);

        // In a process group of its own, with which it is killed: a child of bwrap's that waits for its parent's word would wait for ever.
        // The shell finds setsid in the system's folders. .NET would look in the current directory first, and guest code may be able to
        // write there.
        ProcessStartInfo info = new(SandboxCommands.Shell, ["-c", "exec setsid \"$@\"", "glovebox", .. start.Arguments]);
        info.Environment.Clear();
        using HostProcess process = await SpawnerThread.RunAsync(() => HostProcess.Start(info, output), start.Mounts).ConfigureAwait(false);

        // bwrap dies, and the kernel takes its namespace along.
        return await process.WaitAsync(
            () =>
            {
                process.Kill();
                return Task.CompletedTask;
            },
            kill).ConfigureAwait(false);
    }
}
