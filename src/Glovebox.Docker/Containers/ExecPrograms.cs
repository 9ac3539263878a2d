using System.Security.Cryptography;
using System.Text;
using Glovebox.Docker.Engine;
using Glovebox.Sandboxes.Agentless;

namespace Glovebox.Docker.Containers;

/// <summary>Starts programs in a container without the guest agent, by the engine. The channel leads to the container's first process, and
/// ends with it.</summary>
internal sealed class ExecPrograms(DockerContainer container, ContainerChannel channel, ContainerPlan plan)
    : ContainerSetup, IProgramStarter
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

    public override Task Ended => _first.Ended;

    public override IWorkspace Workspace => field ??= new ExecWorkspace(
        (command, cancellationToken) => StartAsync(command, isRoot: false, cancellationToken));

    /// <summary>Whether the container outlives its host, and so takes no words on its standard input.</summary>
    private bool Stays => !plan.Spec.Options.StopContainer;

    public Task<ProcessExit?> RunAsync(IReadOnlyList<string> command, IOutputSink output, CancellationToken kill) =>
        RunAsync(command, isRoot: false, output, kill);

    /// <summary>Ends what the set-up has left in the background: it is root's.</summary>
    public override async Task<string> SealAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        await KillEverythingAsync().ConfigureAwait(false);
        if (!Stays)
        {
            await _first.Swept.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return request.Preload.Count == 0 ? "" : "the image has no Python";
    }

    public override ISandbox Complete(SandboxPlace place, SandboxCapabilities capabilities) =>
        new AgentlessSandbox(place, this, place.Workspace ?? Workspace, capabilities);

    public override async ValueTask DisposeAsync()
    {
        if (Stays && !Ended.IsCompleted)
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
            if (!Stays)
            {
                await channel.WriteAsync(ContainerLauncher.KillWord).ConfigureAwait(false);
                return;
            }

            using RunningExec killer = await StartAsync(
                ["/bin/sh", "-c", "kill -9 -1"], isRoot: true, CancellationToken.None).ConfigureAwait(false);
            await killer.CopyToAsync(Stream.Null).ConfigureAwait(false);
        }
        catch (Exception e) when (EngineErrors.IsLoss(e))
        {
            // There is no process left to end.
        }
    }

    protected override Task<ProcessExit?> RunAsRootAsync(string command, IOutputSink output, CancellationToken kill) =>
        RunAsync(["/bin/sh", "-c", command], isRoot: true, output, kill);

    private Task<RunningExec> StartAsync(IReadOnlyList<string> command, bool isRoot, CancellationToken cancellationToken) =>
        container.StartProgramAsync(command, isRoot ? null : plan.User, plan.Spec.Request.Variables, cancellationToken);

    private async Task<ProcessExit?> RunAsync(IReadOnlyList<string> command, bool isRoot, IOutputSink output, CancellationToken kill)
    {
        string word = WordMark + RandomNumberGenerator.GetHexString(32, lowercase: true);
        try
        {
            using RunningExec running = await StartAsync(
                ["/bin/sh", "-c", Runner, "sh", .. command], isRoot, kill).ConfigureAwait(false);
            await running.WriteAsync(Encoding.ASCII.GetBytes(word + "\n"), CancellationToken.None).ConfigureAwait(false);
            Task<int?> ending = ReadAsync(
                running,
                new ExecTrailer(word, OutputStream.StandardOutput, output),
                new ExecTrailer(word, OutputStream.StandardError, output));
            bool killed = await WaitAsync(ending, kill).ConfigureAwait(false);
            if (await ending.ConfigureAwait(false) is not { } code)
            {
                if (!killed)
                {
                    return await WithoutTrailerAsync(running).ConfigureAwait(false);
                }

                return Ended.IsCompleted ? null : new ProcessExit(ProcessExitKind.Killed, 137);
            }

            // A program that ended before the kill reached it has ended by itself.
            return ByItself(code);
        }
        catch (OperationCanceledException) when (kill.IsCancellationRequested)
        {
            // It may have begun all the same.
            await KillEverythingAsync().ConfigureAwait(false);
            return new ProcessExit(ProcessExitKind.Killed, 137);
        }
        catch (Exception e) when (EngineErrors.IsLoss(e))
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
                container.Kill();
                await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return true;
        }
    }

    /// <summary>Reads until the program has ended; null when the stream ended first.</summary>
    private static async Task<int?> ReadAsync(ContainerChannel running, ExecTrailer output, ExecTrailer errors)
    {
        byte[] buffer = new byte[64 << 10];
        while (output.ExitCode is null || errors.ExitCode is null)
        {
            (OutputStream stream, int count) = await running.ReadOutputAsync(buffer, CancellationToken.None).ConfigureAwait(false);
            if (count == 0)
            {
                output.Complete();
                errors.Complete();
                return null;
            }

            (stream == OutputStream.StandardError ? errors : output).Take(buffer.AsSpan(0, count));
        }

        return errors.ExitCode;
    }

    /// <summary>The shell that ran the program was itself ended.</summary>
    private async Task<ProcessExit?> WithoutTrailerAsync(RunningExec running)
    {
        int? code = await running.ExitCodeAsync(CancellationToken.None).ConfigureAwait(false);
        return code is { } known && !Ended.IsCompleted ? ByItself(known) : null;
    }

    private static ProcessExit ByItself(int code) => new(code > 128 ? ProcessExitKind.Signaled : ProcessExitKind.Exited, code);

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
