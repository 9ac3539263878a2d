using System.Security.Cryptography;
using Glovebox.Sandboxes.Agentless;
using global::Docker.DotNet;

namespace Glovebox.Docker.Containers;

/// <summary>Starts programs in a container without the guest agent, by the engine.</summary>
/// <param name="exec">Starts programs.</param>
/// <param name="channel">The stream to the container's first process, which ends with it.</param>
/// <param name="stays">Whether the container outlives its host, and so takes no words on its standard input.</param>
/// <param name="endContainer">Ends the container by force.</param>
internal sealed class ExecPrograms(ContainerExec exec, ContainerChannel channel, bool stays, Action endContainer) : IProgramStarter
{
    /// <summary>Runs a program, and says on both streams, by a word that it reads and that is in no argument, that it has ended. What a
    /// shell itself says of a program that was killed is dropped.</summary>
    private const string Runner = ContainerLauncher.NoCoreDumps + """
        IFS= read -r word
        { echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null
        exec 4>&2 2>/dev/null
        "$@" </dev/null 2>&4 4>&-
        code=$?
        printf '%s%03d' "$word" "$code"
        printf '%s%03d' "$word" "$code" >&4
        """;

    /// <summary>Begins the word. What may be the beginning of the word is held back until more comes, so it is nothing that a program
    /// shows.</summary>
    private const char WordMark = '\x04';

    /// <summary>How long a kill may take before the whole container is ended.</summary>
    private static readonly TimeSpan LongestKill = TimeSpan.FromMilliseconds(600);

    private static readonly TimeSpan KillAgain = TimeSpan.FromMilliseconds(100);

    private readonly FirstProcess _first = new(channel);

    public Task Ended => _first.Ended;

    public IWorkspace Files => field ??= new ExecWorkspace(exec);

    private bool IsRunning => !Ended.IsCompleted;

    public Task<ProcessExit?> RunAsync(IReadOnlyList<string> command, IOutputSink output, CancellationToken kill) =>
        RunAsync(command, isRoot: false, output, kill);

    /// <summary>Runs a program as root, before guest code does; null when the container ended with it.</summary>
    public Task<ProcessExit?> RunAsRootAsync(IReadOnlyList<string> command, IOutputSink output, CancellationToken kill) =>
        RunAsync(command, isRoot: true, output, kill);

    /// <summary>Ends what the set-up has left in the background: it is root's.</summary>
    public async Task SealAsync(CancellationToken cancellationToken)
    {
        await KillEverythingAsync().ConfigureAwait(false);
        if (!stays)
        {
            await _first.Swept.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (stays && IsRunning)
        {
            await KillEverythingAsync().ConfigureAwait(false);
        }

        await channel.DisposeAsync().ConfigureAwait(false);
        await Ended.ConfigureAwait(false);
    }

    /// <summary>Ends every process of the guest's.</summary>
    public async Task KillEverythingAsync()
    {
        try
        {
            if (!stays)
            {
                await channel.WriteAsync(ContainerLauncher.KillWord).ConfigureAwait(false);
                return;
            }

            using RunningExec killer = await exec.StartAsync(
                ["/bin/sh", "-c", "kill -9 -1"], isRoot: true, CancellationToken.None).ConfigureAwait(false);
            using ContainerChannel output = new(killer.Stream);
            await output.CopyToAsync(Stream.Null).ConfigureAwait(false);
        }
        catch (Exception e) when (IsLoss(e))
        {
            // There is no process left to end.
        }
    }

    private static bool IsLoss(Exception e) => e is IOException or HttpRequestException or ObjectDisposedException or DockerApiException;

    private async Task<ProcessExit?> RunAsync(IReadOnlyList<string> command, bool isRoot, IOutputSink output, CancellationToken kill)
    {
        string word = WordMark + RandomNumberGenerator.GetHexString(32, lowercase: true);
        try
        {
            using RunningExec running = await exec.StartAsync(
                ["/bin/sh", "-c", Runner, "sh", .. command], isRoot, kill).ConfigureAwait(false);
            byte[] line = System.Text.Encoding.ASCII.GetBytes(word + "\n");
            await running.Stream.WriteAsync(line, 0, line.Length, CancellationToken.None).ConfigureAwait(false);
            Task<int?> ending = ReadAsync(
                running.Stream,
                new ExecTrailer(word, OutputStream.StandardOutput, output),
                new ExecTrailer(word, OutputStream.StandardError, output));
            bool killed = await WaitAsync(ending, kill).ConfigureAwait(false);
            if (await ending.ConfigureAwait(false) is not { } code)
            {
                if (!killed)
                {
                    return await WithoutTrailerAsync(running).ConfigureAwait(false);
                }

                return IsRunning ? new ProcessExit(ProcessExitKind.Killed, 137) : null;
            }

            // A program that ended before the kill reached it has ended by itself.
            return new ProcessExit(code > 128 ? ProcessExitKind.Signaled : ProcessExitKind.Exited, code);
        }
        catch (OperationCanceledException) when (kill.IsCancellationRequested)
        {
            // It may have begun all the same.
            await KillEverythingAsync().ConfigureAwait(false);
            return new ProcessExit(ProcessExitKind.Killed, 137);
        }
        catch (Exception e) when (IsLoss(e))
        {
            return null;
        }
    }

    /// <summary>Waits for the end, and brings it about when that is asked for. Says whether it was.</summary>
    private async Task<bool> WaitAsync(Task ending, CancellationToken kill)
    {
        try
        {
            await ending.WaitAsync(kill).ConfigureAwait(false);
            return false;
        }
        catch (OperationCanceledException) when (kill.IsCancellationRequested && !ending.IsCompleted)
        {
            using CancellationTokenSource late = new(LongestKill);
            while (!ending.IsCompleted && !late.IsCancellationRequested)
            {
                // A program that the engine was just about to start escapes the first one.
                await KillEverythingAsync().ConfigureAwait(false);
                await Task.WhenAny(ending, Task.Delay(KillAgain, CancellationToken.None)).ConfigureAwait(false);
            }

            if (!ending.IsCompleted)
            {
                endContainer();
                await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return true;
        }
    }

    /// <summary>Reads until the program has ended; null when the stream ended first.</summary>
    private static async Task<int?> ReadAsync(MultiplexedStream stream, ExecTrailer output, ExecTrailer errors)
    {
        byte[] buffer = new byte[64 << 10];
        while (output.ExitCode is null || errors.ExitCode is null)
        {
            MultiplexedStream.ReadResult read = await stream.ReadOutputAsync(
                buffer, 0, buffer.Length, CancellationToken.None).ConfigureAwait(false);
            if (read.EOF)
            {
                output.Complete();
                errors.Complete();
                return null;
            }

            (read.Target == MultiplexedStream.TargetStream.StandardError ? errors : output).Take(buffer.AsSpan(0, read.Count));
        }

        return errors.ExitCode;
    }

    /// <summary>The shell that ran the program was itself ended.</summary>
    private async Task<ProcessExit?> WithoutTrailerAsync(RunningExec running)
    {
        int? code = await running.ExitCodeAsync(CancellationToken.None).ConfigureAwait(false);
        return IsRunning && code is { } known
            ? new ProcessExit(known > 128 ? ProcessExitKind.Signaled : ProcessExitKind.Exited, known)
            : null;
    }

    /// <summary>What the container's first process says: that it has ended everything else, and, by the end of the stream, that it has
    /// ended.</summary>
    private sealed class FirstProcess
    {
        private readonly TaskCompletionSource _swept = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public FirstProcess(ContainerChannel channel) => Ended = ReadAsync(channel);

        public Task Ended { get; }

        /// <summary>Completes when everything else has been ended for the first time, or is gone with it.</summary>
        public Task Swept => _swept.Task;

        private async Task ReadAsync(ContainerChannel channel)
        {
            byte[] buffer = new byte[256];
            try
            {
                while (await channel.ReadAsync(buffer).ConfigureAwait(false) > 0)
                {
                    _swept.TrySetResult();
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The same as the end.
            }
            finally
            {
                _swept.TrySetResult();
            }
        }
    }
}
