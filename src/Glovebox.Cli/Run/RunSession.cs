using Glovebox.Audit;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Output;
using Glovebox.Middleware;

namespace Glovebox.Cli.Run;

/// <summary>One <c>glovebox run</c>, from the reply to the exit code.</summary>
internal static class RunSession
{
    /// <exception cref="CliException">The user can put it right.</exception>
    /// <exception cref="CodeExecutionException">The sandbox failed.</exception>
    /// <exception cref="OutputClosedException">The reader of the output is gone; the programs have been ended.</exception>
    public static async Task<int> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        // A pipe gets all that the programs print, unless it was asked for less; a person, or one JSON object, gets what is kept.
        request = request with { StreamsWholeOutput = !request.Json && !IsForAPerson && request.MaxOutput is null };

        // What is wrong is said before anything is read, and what cannot be read before anything is made.
        ExecutorChoice choice = new(request, ExecutorKinds.All);
        if (request.File is null && !Console.IsInputRedirected)
        {
            throw CliException.Usage("Name a FILE to run, or pipe a reply in.", "See: glovebox run --help");
        }

        if (request.StandardInput == ReplyReader.StandardInput && (request.File ?? ReplyReader.StandardInput) == ReplyReader.StandardInput)
        {
            throw CliException.Usage(
                "Standard input has the code: --stdin - cannot have it, too.", "Name a FILE to run, or a file for --stdin.");
        }

        using ApprovalPrompt? prompt = request.Approve ? ApprovalPrompt.Open() : null;
        IReadOnlyList<CodeBlock> blocks = await ReplyReader.ReadAsync(
            request.File ?? ReplyReader.StandardInput, request.Language, cancellationToken)
            .ConfigureAwait(false);
        CodeExecutionOptions options = new() { Arguments = request.ProgramArguments };
        if (request.StandardInput is { } input)
        {
            options.StandardInput = await ReplyReader.ReadBytesAsync(
                input, CodeExecutionOptions.MaxStandardInput, cancellationToken).ConfigureAwait(false);
        }

        // Outside of the approval, it keeps denied blocks, too.
        using FileAuditSink? audit = request.Audit?.Open(request.WorkDir);
        (ICodeExecutor executor, string name) = await choice.StartAsync(
            made =>
            {
                CodeExecutorBuilder builder = made.AsBuilder();
                builder = audit is null ? builder : builder.UseAudit(audit, request.Audit!.Configure);
                return (prompt is null ? builder : builder.UseApproval(prompt.AskAsync)).Build();
            },
            cancellationToken).ConfigureAwait(false);
        await using (executor.ConfigureAwait(false))
        {
            using IRunOutput output = CreateOutput(request, name, blocks.Count);
            List<BlockResult> results = [];
            Refusals? refusals = request.Network == NetworkAccess.AllowList ? new() : null;
            IAsyncEnumerable<CodeExecutionUpdate> updates = executor.ExecuteCodeBlocksStreamingAsync(blocks, options, cancellationToken);
            await foreach (CodeExecutionUpdate update in updates.ConfigureAwait(false))
            {
                output.Show(update);
                refusals?.Add(update);
                if (update is BlockCompletedUpdate completed)
                {
                    results.Add(completed.Result);
                }
            }

            // Ctrl-C reaches local programs, too, which may end of it before they are ended.
            cancellationToken.ThrowIfCancellationRequested();
            CodeResult result = new(results);
            output.Finish(result, refusals);
            return result.ExitCode;
        }
    }

    private static bool IsForAPerson => StandardStream.Output.IsTerminal && StandardStream.Error.IsTerminal;

    private static IRunOutput CreateOutput(RunRequest request, string executor, int blockCount) =>
        request.Json ? new JsonOutput(executor)
        : IsForAPerson
            ? new TerminalOutput(blockCount, executor, request.WorkDir is null, TerminalTraits.Detect(Environment.GetEnvironmentVariable))
        : new PlainOutput(blockCount, request.WorkDir is null, request.StreamsWholeOutput);
}
