using System.Diagnostics;
using System.Globalization;
using System.Text;
using Glovebox.Languages;

namespace Glovebox.Execution;

/// <summary>Runs each block as a process of its own: saves its code, runs it within its time, says how it ended.</summary>
/// <param name="sandbox">Where it runs. Owned by this runner.</param>
/// <param name="options">The executor's options.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class ProcessBlockRunner(
    LiveSandbox sandbox, CommandLineCodeExecutorOptions options, TimeProvider timeProvider) : IBlockRunner
{
    /// <summary>The exit code of a block that timed out, as the <c>timeout</c> command has it.</summary>
    public const int TimeoutExitCode = 124;

    /// <summary>How long a sandbox may take to end a program: more than the second that it has, on a busy machine.</summary>
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(5);

    private readonly Turn _turn = new();
    private readonly Guid _owner = Guid.NewGuid();

    public string Kind => sandbox.Kind;

    public bool SharesState => false;

    public bool IsRunning => sandbox.IsRunning;

    public SandboxCapabilities Capabilities => sandbox.Current.Capabilities;

    public IWorkspace Files => sandbox.Current.Workspace;

    public LanguageRegistry Languages { get; } = new(options.Languages, options.SkippedLanguages);

    public ISandbox? Sandbox => sandbox.Started;

    public Turn TurnFor(CodeExecutionOptions options) => options.Context is null ? _turn : throw CodeExecutionOptions.NoContexts();

    public Task StartAsync(CancellationToken cancellationToken) => sandbox.StartAsync(cancellationToken);

    public Task StopAsync() => sandbox.StopAsync();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    public async Task<BlockEnd> RunAsync(BlockRun run)
    {
        if (Languages.Find(run.Block.Language) is not { } language)
        {
            return new BlockEnd(1, TerminationReason.NotStarted, $"unknown language {WorkspacePath.Printable(run.Block.Language)}");
        }

        ISandbox current = sandbox.Current;
        CodeFileName file = default;
        try
        {
            file = CodeFileName.Choose(run.Block.Code, language, _owner, current.WorkDirectory);
            run.Kill.ThrowIfCancellationRequested();
            Task look = run.Files?.Remembered ?? Task.CompletedTask;
            long asked = timeProvider.GetTimestamp();
            Task<long> beginning = BeginningAsync(look);
            ISandboxProcess process = await current.StartProcessAsync(Request(language, file, run, look), run.Kill).ConfigureAwait(false);

            // The look at the files is neither the program's time nor the block's.
            Task looked = Task.WhenAny(beginning, process.Ended);
            await looked.WaitAsync(run.Kill).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            long begun = beginning.IsCompleted ? await beginning.ConfigureAwait(false) : timeProvider.GetTimestamp();
            TimeSpan waited = timeProvider.GetElapsedTime(asked, begun);
            using CancellationTokenSource deadline = new(TimeLeft(run, begun), timeProvider);
            if (TimeLeft(run, begun) == TimeSpan.Zero)
            {
                // A clock that a test moves may have passed it before the timer began.
                await deadline.CancelAsync().ConfigureAwait(false);
            }

            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, run.Kill);
            ProcessExit exit = await EndAsync(process, either.Token).ConfigureAwait(false);
            run.Files?.Offer(exit.ListFiles);

            // Only a program that we ended, and at our deadline, has timed out: one that beat the kill has ended by itself, and a
            // caller's cancellation is the caller's. A sandbox that had to be ended to be rid of the program counts as the program.
            bool timedOut = exit.Kind is ProcessExitKind.Killed or ProcessExitKind.SandboxLost
                && deadline.IsCancellationRequested && !run.Kill.IsCancellationRequested;
            return (timedOut
                ? new BlockEnd(TimeoutExitCode, TerminationReason.TimedOut, TimeoutNotice(run))
                : new BlockEnd(exit.ExitCode, Reason(exit.Kind), exit.Message)) with
            { CodeFile = file.Path, Waited = waited };
        }
        catch (WorkspaceException e)
        {
            file = default;
            return BlockEnd.NotSaved(e);
        }
        finally
        {
            if (file.IsTemporary && options.DeleteTempFiles)
            {
                await DeleteAsync(current, file.Path).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits until a process has ended, by itself or killed. A sandbox that cannot end it is ended itself.</summary>
    private async Task<ProcessExit> EndAsync(ISandboxProcess process, CancellationToken kill)
    {
        Task ended = process.Ended;
        await ended.WaitAsync(kill).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ended.IsCompleted)
        {
            process.Kill();
            await ended.WaitAsync(KillGrace, timeProvider, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!ended.IsCompleted)
        {
            await sandbox.StopAsync().ConfigureAwait(false);
            return new ProcessExit(ProcessExitKind.SandboxLost, 137, "The sandbox did not end the program, and was ended.");
        }

        return await process.Ended.ConfigureAwait(false);
    }

    /// <summary>Gets when the look at the files was over and the program could begin.</summary>
    private async Task<long> BeginningAsync(Task look)
    {
        await look.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return timeProvider.GetTimestamp();
    }

    private TimeSpan Longest(BlockRun run) => run.Options.Timeout ?? options.Timeout;

    private TimeSpan TimeLeft(BlockRun run, long begun)
    {
        TimeSpan longest = Longest(run), left = longest - timeProvider.GetElapsedTime(begun);
        return longest == Timeout.InfiniteTimeSpan ? longest : left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static ProcessRequest Request(CodeLanguage language, CodeFileName file, BlockRun run, Task look)
    {
        // A name that begins with a hyphen would be read as an option.
        string argument = file.Path.StartsWith('-') ? "./" + file.Path : file.Path;
        string[] arguments = language.Arguments.Any(a => a.Contains(CodeLanguage.FilePlaceholder, StringComparison.Ordinal))
            ? [.. language.Arguments.Select(a => a.Replace(CodeLanguage.FilePlaceholder, argument, StringComparison.Ordinal))]
            : [.. language.Arguments, argument];
        arguments = [.. arguments, .. run.Options.Arguments];
        return new ProcessRequest(language.Programs, arguments)
        {
            Output = run.Output,
            OutputBacklog = 0,
            StandardInput = run.Options.StandardInput,
            Variables = run.Options.Environment,
            PythonScript = ReferenceEquals(language, CodeLanguage.Python) ? argument : null,
            File = new ProcessFile(file.Path, Encoding.UTF8.GetBytes(run.Block.Code)),
            After = look,
            ListsFiles = run.Files is not null,
        };
    }

    private static async Task DeleteAsync(ISandbox sandbox, string path)
    {
        try
        {
            await sandbox.Workspace.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CodeExecutionException e)
        {
            // The block's result matters more than a left-over file, and a sandbox that is gone has taken it along or keeps it.
            Debug.WriteLine(e);
        }
    }

    private string TimeoutNotice(BlockRun run) =>
        string.Create(CultureInfo.InvariantCulture, $"Timed out after {Longest(run).TotalSeconds:0.###} s; the program was ended.");

    private static TerminationReason Reason(ProcessExitKind kind) => kind switch
    {
        ProcessExitKind.Exited => TerminationReason.Exited,
        ProcessExitKind.OutOfMemory => TerminationReason.OutOfMemory,
        ProcessExitKind.NotFound or ProcessExitKind.NotStarted => TerminationReason.NotStarted,
        ProcessExitKind.SandboxLost => TerminationReason.SandboxLost,
        _ => TerminationReason.Signaled,
    };
}
