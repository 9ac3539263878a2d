using Glovebox.Cli.Output;
using Spectre.Console;

namespace Glovebox.Cli.Run;

/// <summary>One <c>glovebox run</c>, from the reply to the exit code.</summary>
internal static class RunSession
{
    public static async Task<int> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await RunCoreAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (CliException e)
        {
            Fail(request.Json, new JsonError(e.Code, e.Message, e.Hint));
            return e.ExitCode;
        }
        catch (CodeExecutionException e)
        {
            Fail(request.Json, new JsonError(e.Code, e.Message, e.Hint));
            return ExitCodes.CouldNotRun;
        }
        catch (ArgumentException e)
        {
            Fail(request.Json, new JsonError("usage", e.Message, null));
            return ExitCodes.WrongUsage;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Fail(request.Json, new JsonError("cancelled", "The run was cancelled; its code was ended.", null));
            return Program.Signalled;
        }
    }

    /// <summary>Says what went wrong: on standard output as JSON, else on standard error.</summary>
    public static void Fail(bool json, JsonError error)
    {
        if (json)
        {
            Console.Out.WriteLine(new JsonFailure(error).ToJson());
            return;
        }

        Console.Error.WriteLine($"glovebox: {error.Message}");
        if (error.Hint is not null)
        {
            Console.Error.WriteLine(error.Hint);
        }
    }

    private static async Task<int> RunCoreAsync(RunRequest request, CancellationToken cancellationToken)
    {
        ExecutorChoice.Check(request);
        if (request.File is null && !Console.IsInputRedirected)
        {
            throw CliException.Usage("Name a FILE to run, or pipe a reply in.", "See: glovebox run --help");
        }

        using ApprovalPrompt? prompt = request.Approve ? ApprovalPrompt.Open() : null;
        IReadOnlyList<CodeBlock> blocks = await ReplyReader.ReadAsync(request, cancellationToken).ConfigureAwait(false);
        (ICodeExecutor executor, string name) = await ExecutorChoice.StartAsync(
            request, made => prompt is null ? made : made.AsBuilder().UseApproval(prompt.AskAsync).Build(), cancellationToken).ConfigureAwait(false);
        await using (executor.ConfigureAwait(false))
        {
            IRunOutput? output = request.Json ? null
                : Console.IsOutputRedirected || Console.IsErrorRedirected ? new PlainOutput()
                : new TerminalOutput(AnsiConsole.Console, Console.Out);
            List<BlockResult> results = [];
            await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync(blocks, cancellationToken).ConfigureAwait(false))
            {
                output?.Show(update);
                if (update is BlockCompletedUpdate completed)
                {
                    results.Add(completed.Result);
                }
            }

            CodeResult result = new(results);
            if (output is null)
            {
                Console.Out.WriteLine(JsonReport.Of(result, name).ToJson());
            }

            output?.Finish(result, name);
            (output as IDisposable)?.Dispose();
            return result.ExitCode;
        }
    }
}
