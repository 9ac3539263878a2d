using System.Text;
using Glovebox.Environments.Host;
using Glovebox.Guest;

namespace Glovebox.Environments.Bubblewrap;

/// <summary>A running sandbox with its guest agent.</summary>
internal sealed class Sandbox : IAsyncDisposable
{
    /// <summary>How long the agent may take to end a run before the whole sandbox is ended.</summary>
    private static readonly TimeSpan LongestKill = TimeSpan.FromMilliseconds(600);

    private static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private readonly SpawnedProcess _process;
    private readonly GuestAgentClient _agent;
    private readonly Task<string> _errors;

    private Sandbox(SpawnedProcess process)
    {
        _process = process;
        _agent = new GuestAgentClient(process.Channel);
        _errors = ReadErrorsAsync(process.Errors);
    }

    public GuestAgentClient Agent => _agent;

    public bool IsRunning => !_agent.Ended.IsCompleted;

    /// <summary>What the agent said of itself.</summary>
    public GuestHello Hello { get; private set; } = new("", []);

    /// <summary>The modules that could not be imported, a line each.</summary>
    public string PreloadErrors { get; private set; } = "";

    /// <summary>Starts a sandbox and waits until its agent answers.</summary>
    /// <exception cref="SandboxStartException">It ended before the answer.</exception>
    public static async Task<Sandbox> StartAsync(
        SandboxCommand command, GuestConfiguration configuration, SandboxFunctions? functions, IReadOnlyList<string> preload, CancellationToken cancellationToken)
    {
        Sandbox sandbox = new(await SpawnedProcess.StartAsync(SandboxLauncher.Shell, command.Arguments, command.Mounts).ConfigureAwait(false));
        using CancellationTokenSource longest = new(LongestStart);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        try
        {
            sandbox.Hello = await sandbox._agent.ConnectAsync(configuration, either.Token).ConfigureAwait(false);
            if (functions is not null)
            {
                await functions.TellAsync(sandbox._agent, either.Token).ConfigureAwait(false);
            }

            sandbox.PreloadErrors = await sandbox._agent.SealAsync(preload, either.Token).ConfigureAwait(false);
            return sandbox;
        }
        catch (Exception e) when (e is IOException or GuestProtocolException or EnvironmentLostException)
        {
            sandbox._process.Kill();
            int exitCode = await sandbox._process.WaitForExitAsync().ConfigureAwait(false);
            string errors = await sandbox._errors.ConfigureAwait(false);
            await sandbox.DisposeAsync().ConfigureAwait(false);
            throw new SandboxStartException(exitCode, errors, e);
        }
        catch (OperationCanceledException e)
        {
            sandbox._process.Kill();
            await sandbox.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new EnvironmentUnavailableException(
                "sandbox-failed", $"The sandbox was not ready after {LongestStart.TotalSeconds:0} s.", "Preload fewer modules, or see what keeps the machine busy.", e);
        }
    }

    /// <summary>Runs a program; null when the sandbox ended with it.</summary>
    public async Task<ProcessExit?> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill)
    {
        // The agent is guest code's neighbour: when it does not answer, the sandbox goes.
        using CancellationTokenSource giveUp = new();
        CancellationTokenRegistration late = giveUp.Token.UnsafeRegister(static s => ((Sandbox)s!)._process.Kill(), this);
        CancellationTokenRegistration asked = kill.UnsafeRegister(static s => ((CancellationTokenSource)s!).CancelAfter(LongestKill), giveUp);
        await using (late.ConfigureAwait(false))
        await using (asked.ConfigureAwait(false))
        {
            return await _agent.RunAsync(command, output, kill).ConfigureAwait(false);
        }
    }

    /// <summary>Ends every process of the sandbox. When this returns they are gone; only where the agent did not end in time the kernel may be about
    /// to bury the last of them, which are killed.</summary>
    public async ValueTask DisposeAsync()
    {
        // The end of the channel ends the agent, and with it everything; bwrap, which waits for it, ends last.
        await _agent.DisposeAsync().ConfigureAwait(false);
        Task<int> exit = _process.WaitForExitAsync();
        try
        {
            await exit.WaitAsync(LongestEnd).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await exit.ConfigureAwait(false);
        }

        _process.Dispose();
        await _errors.ConfigureAwait(false);
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
internal sealed class SandboxStartException(int exitCode, string errors, Exception cause) : Exception(errors, cause)
{
    public int ExitCode => exitCode;
}
