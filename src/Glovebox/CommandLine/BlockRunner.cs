using System.Diagnostics;
using System.Globalization;
using System.Text;
using Glovebox.Environments;
using Glovebox.Guest;

namespace Glovebox;

/// <summary>Runs one code block in an environment: saves its code, runs it within its time, says how it ended.</summary>
internal sealed class BlockRunner(IExecutionEnvironment environment, CommandLineSettings settings, TimeProvider timeProvider) : IBlockRunner
{
    /// <summary>The exit code of a block that timed out, as the <c>timeout</c> command has it.</summary>
    public const int TimeoutExitCode = 124;

    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Guid _owner = Guid.NewGuid();

    public LanguageRegistry Languages => settings.Languages;

    public async Task<BlockResult> RunAsync(CodeBlock block, ProducedFiles? files, OutputCollector output, CancellationToken kill)
    {
        try
        {
            return await RunCoreAsync(block, files, output, kill).ConfigureAwait(false);
        }
        finally
        {
            output.Complete(null);
        }
    }

    private async Task<BlockResult> RunCoreAsync(CodeBlock block, ProducedFiles? files, OutputCollector output, CancellationToken kill)
    {
        long started = timeProvider.GetTimestamp();
        CodeLanguage? language = settings.Languages.Find(block.Language);
        if (language is null)
        {
            return Finish(1, TerminationReason.NotStarted, null, $"unknown language {WorkspacePath.Printable(block.Language)}");
        }

        byte[] code = Encoding.UTF8.GetBytes(language.QuietsPip ? PipQuieting.Apply(block.Code) : block.Code);

        // Files that only the agent reaches are saved, and listed, in the exchange that runs the program.
        bool isOneExchange = environment.Files is GuestWorkspace && code.Length <= GuestWorkspace.ChunkSize;
        CodeFileName file;
        try
        {
            file = CodeFileName.Choose(block.Code, language, _owner);
            kill.ThrowIfCancellationRequested();
            if (!isOneExchange)
            {
                using MemoryStream content = new(code, writable: false);
                await environment.Files.WriteAsync(file.Path, content, kill).ConfigureAwait(false);
            }
        }
        catch (WorkspaceException e)
        {
            return NotSaved(e);
        }

        bool isSaved = true;
        try
        {
            GuestCommand command = Command(language, file.Path);
            if (isOneExchange)
            {
                command = command with { CodeFile = new CodeFileContent(WorkspacePath.Normalize(file.Path), code), ListsFiles = files is not null };
            }

            (ProcessExit exit, bool timedOut, long waited) = await RunWithinTimeAsync(command, files?.Remembered ?? Task.CompletedTask, output, kill).ConfigureAwait(false);
            started += waited;
            files?.Offer(exit.ListFiles);
            return timedOut
                ? Finish(TimeoutExitCode, TerminationReason.TimedOut, file.Path, TimeoutNotice())
                : Finish(exit.ExitCode, Reason(exit.Kind), file.Path, exit.Message);
        }
        catch (WorkspaceException e) when (isOneExchange)
        {
            isSaved = false;
            return NotSaved(e);
        }
        finally
        {
            if (isSaved && file.IsTemporary && settings.DeleteTempFiles)
            {
                await DeleteAsync(file.Path).ConfigureAwait(false);
            }
        }

        BlockResult NotSaved(WorkspaceException e) =>
            Finish(1, TerminationReason.NotStarted, null, e.IsPathRefused ? "Filename is not in the workspace" : e.Message);

        BlockResult Finish(int exitCode, TerminationReason reason, string? codeFile, string? notice)
        {
            output.Complete(notice);
            return new BlockResult
            {
                Block = block,
                Language = language?.Name ?? block.Language,
                ExitCode = exitCode,
                Output = output.Combined,
                StandardOutput = output.StandardOutput,
                StandardError = output.StandardError,
                Truncated = output.Truncated,
                Duration = timeProvider.GetElapsedTime(started),
                Termination = reason,
                CodeFile = codeFile,
            };
        }
    }

    /// <summary>Runs a program once the files have been looked at. That is neither its time nor the block's: how long it took is given, too.</summary>
    private async Task<(ProcessExit Exit, bool TimedOut, long Waited)> RunWithinTimeAsync(
        GuestCommand command, Task look, OutputCollector output, CancellationToken kill)
    {
        // One that begins without a delay would take later ones by the system's clock.
        using CancellationTokenSource deadline = new(LongestDelay, timeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, kill);
        long asked = timeProvider.GetTimestamp();

        // The agent has the look before the program in its channel; elsewhere nothing else keeps their order.
        bool isInOrder = command.CodeFile is not null && !look.IsCompleted;
        Task<ProcessExit>? running = isInOrder ? environment.RunAsync(command, output, either.Token) : null;
        await (running is null ? look : Task.WhenAny(look, running)).ConfigureAwait(false);
        long waited = timeProvider.GetTimestamp() - asked;
        deadline.CancelAfter(settings.Timeout);
        ProcessExit exit = await (running ?? environment.RunAsync(command, output, either.Token)).ConfigureAwait(false);

        // Only a program that we ended, and at our deadline, has timed out: one that beat the kill has ended by itself, and a caller's
        // cancellation is the caller's. An environment that had to be ended to be rid of the program counts as the program.
        bool ended = exit.Kind is ProcessExitKind.Killed or ProcessExitKind.EnvironmentLost;
        return (exit, ended && deadline.IsCancellationRequested && !kill.IsCancellationRequested, waited);
    }

    private static GuestCommand Command(CodeLanguage language, string file)
    {
        // A name that begins with a hyphen would be read as an option.
        string argument = file.StartsWith('-') ? "./" + file : file;
        string[] arguments = language.Arguments.Any(a => a.Contains(CodeLanguage.FilePlaceholder, StringComparison.Ordinal))
            ? [.. language.Arguments.Select(a => a.Replace(CodeLanguage.FilePlaceholder, argument, StringComparison.Ordinal))]
            : [.. language.Arguments, argument];
        return new GuestCommand(language.Programs, arguments)
        {
            PythonScript = ReferenceEquals(language, CodeLanguage.Python) ? argument : null,
        };
    }

    private async Task DeleteAsync(string path)
    {
        try
        {
            await environment.Files.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CodeExecutionException e)
        {
            // The block's result matters more than a left-over file, and an environment that is gone has taken it along or keeps it.
            Debug.WriteLine(e);
        }
    }

    private string TimeoutNotice() =>
        string.Create(CultureInfo.InvariantCulture, $"Timed out after {settings.Timeout.TotalSeconds:0.###} s; the program was ended.");

    private static TerminationReason Reason(ProcessExitKind kind) => kind switch
    {
        ProcessExitKind.Exited => TerminationReason.Exited,
        ProcessExitKind.OutOfMemory => TerminationReason.OutOfMemory,
        ProcessExitKind.NotFound or ProcessExitKind.NotStarted => TerminationReason.NotStarted,
        ProcessExitKind.EnvironmentLost => TerminationReason.EnvironmentLost,
        _ => TerminationReason.Signaled,
    };
}
