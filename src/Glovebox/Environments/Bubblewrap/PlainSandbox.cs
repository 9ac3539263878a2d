using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Glovebox.Environments.Host;

namespace Glovebox.Environments.Bubblewrap;

/// <summary>The way without an agent, for a guest without Python: each program gets a sandbox of its own over the same work directory.</summary>
/// <param name="launch">Says how a command is started inside a sandbox.</param>
internal sealed class PlainSandbox(Func<IReadOnlyList<string>, SandboxCommand> launch) : IAsyncDisposable
{
    /// <summary>Says where a program is, and fails when it cannot be executed. Not <c>command -v</c>: it prefers what the shell has built in.</summary>
    private const string Finder = """
        case $1 in
        */*) [ -f "$1" ] && printf %s "$1" && [ -x "$1" ]; exit;;
        esac
        IFS=:
        for folder in $PATH; do
            [ -f "$folder/$1" ] && [ -x "$folder/$1" ] && printf %s "$folder/$1" && exit
        done
        """;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<string, Found> _programs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _looking = new(1, 1);

    public bool IsRunning => !_stopping.IsCancellationRequested;

    /// <summary>Makes sure that a sandbox can be made at all.</summary>
    /// <exception cref="SandboxStartException">It cannot.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        Lines lines = new();
        ProcessExit exit = await StartAsync([SandboxLauncher.Shell, "-c", ":"], lines, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (exit.ExitCode != 0)
        {
            throw new SandboxStartException(exit.ExitCode, lines.Errors, new IOException("The sandbox ended at once."));
        }
    }

    public async Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(kill, _stopping.Token);
        try
        {
            foreach (string name in command.Programs)
            {
                if (await FindAsync(name, either.Token).ConfigureAwait(false) is { } found)
                {
                    return found.IsExecutable
                        ? await StartAsync([found.Path, .. command.Arguments], output, either.Token).ConfigureAwait(false)
                        : new ProcessExit(ProcessExitKind.NotStarted, 126, $"{found.Path}: Permission denied");
                }
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return new ProcessExit(ProcessExitKind.Killed, 137);
        }
        catch (Exception e) when (e is Win32Exception or OwnersNotMappedException)
        {
            throw new EnvironmentLostException($"The sandbox of a block could not be started: {e.Message}.", "See that the work directory is still there.", e);
        }

        return new ProcessExit(ProcessExitKind.NotFound, 127, $"{command.Programs[0]}: not found");
    }

    public async ValueTask DisposeAsync() => await _stopping.CancelAsync().ConfigureAwait(false);

    /// <summary>Asks inside where a program is, until it is there.</summary>
    private async Task<Found?> FindAsync(string name, CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_programs.TryGetValue(name, out Found? known))
            {
                return known;
            }

            Lines lines = new();
            ProcessExit exit = await StartAsync([SandboxLauncher.Shell, "-c", Finder, "sh", name], lines, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (lines.Output.Length == 0)
            {
                return null;
            }

            Found found = new(lines.Output, exit.ExitCode == 0);
            if (found.IsExecutable)
            {
                _programs[name] = found;
            }

            return found;
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task<ProcessExit> StartAsync(IReadOnlyList<string> command, IOutputSink output, CancellationToken kill)
    {
        SandboxCommand start = launch(command);

        // In a process group of its own, with which it is killed: a child of bwrap's that waits for its parent's word would wait for ever. The
        // shell finds setsid in the system's folders. .NET would look in the current directory first, and guest code may be able to write there.
        ProcessStartInfo info = new(SandboxLauncher.Shell, ["-c", "exec setsid \"$@\"", "glovebox", .. start.Arguments]);
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

    private sealed record Found(string Path, bool IsExecutable);

    private sealed class Lines : IOutputSink
    {
        private const int Longest = 8 << 10;
        private readonly StringBuilder _output = new();
        private readonly StringBuilder _errors = new();

        public string Output => _output.ToString();

        public string Errors => _errors.ToString();

        public void Write(OutputStream stream, ReadOnlySpan<byte> data)
        {
            StringBuilder text = stream == OutputStream.StandardOutput ? _output : _errors;
            if (text.Length < Longest)
            {
                text.Append(Encoding.UTF8.GetString(data));
            }
        }
    }
}
