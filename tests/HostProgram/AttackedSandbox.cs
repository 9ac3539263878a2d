using System.Text;
using Microsoft.Extensions.AI;

namespace Glovebox.Tests.Security.Harness;

/// <summary>A started sandbox to which attacks are put: in the tests' process, or in one of a plain user, which answers over a
/// pipe.</summary>
/// <param name="executor">Started; disposed with this.</param>
internal sealed class AttackedSandbox(ICodeExecutor executor) : IAttacked
{
    private const int MaxRead = 4 << 20;

    /// <summary>The functions that the bridge's attacks call.</summary>
    public static void AddFunctions(CommandLineCodeExecutorOptions options, AttackedOptions attacked)
    {
        if (attacked.MaxCalls is not { } calls)
        {
            return;
        }

        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int present = 0;
        options.Functions.Add(AIFunctionFactory.Create((int a, int b) => a + b, "add"));
        options.Functions.Add(AIFunctionFactory.Create((string text) => text.Length, "say"));
        options.Functions.Add(AIFunctionFactory.Create(
            async (CancellationToken cancellationToken) =>
            {
                if (Interlocked.Increment(ref present) == 32)
                {
                    all.SetResult();
                }

                await all.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                return 32;
            },
            "gather"));
        options.FunctionLimits = new() { MaxArgumentSize = 64 << 10, MaxConcurrentCalls = calls };
    }

    public async Task<AttackedAnswer> AskAsync(AttackedRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return request.Action switch
            {
                AttackedAction.Run => await RunAsync(request, cancellationToken).ConfigureAwait(false),
                AttackedAction.Read => new() { Output = await ReadAsync(request.Text, cancellationToken).ConfigureAwait(false) },
                AttackedAction.List => new() { Files = [.. (await executor.Workspace.ListAsync(cancellationToken).ConfigureAwait(false)).Files.Select(f => f.Path)] },
                _ => throw new ArgumentOutOfRangeException(nameof(request), request.Action, null),
            };
        }
        catch (Exception e) when (e is CodeExecutionException or WorkspaceException or IOException)
        {
            return new() { Error = $"{e.GetType().Name}: {e.Message}" };
        }
    }

    public ValueTask DisposeAsync() => executor.DisposeAsync();

    private async Task<AttackedAnswer> RunAsync(AttackedRequest request, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        StringBuilder output = new();
        BlockResult? result = null;
        string? found = null;
        Task reading = Task.CompletedTask;
        try
        {
            await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync([new CodeBlock("python", request.Text)], end.Token).ConfigureAwait(false))
            {
                if (update is OutputReceivedUpdate received)
                {
                    output.Append(received.Text);
                    if (request.Until is { } until && reading.IsCompleted && output.ToString().Contains(until, StringComparison.Ordinal))
                    {
                        reading = Task.Run(ReadAndEndAsync, CancellationToken.None);
                    }
                }
                else if (update is BlockCompletedUpdate completed)
                {
                    result = completed.Result;
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await reading.ConfigureAwait(false);
            return new() { Output = found ?? output.ToString(), Termination = "Cancelled" };
        }

        return new() { Output = result!.StandardOutput, Errors = result.StandardError, ExitCode = result.ExitCode, Termination = result.Termination.ToString() };

        async Task ReadAndEndAsync()
        {
            // Until it has read what it may, too: a program on a busy machine may be in the way for long.
            for (int i = 0; (i < request.Reads || (found is null && i < 100 * request.Reads)) && found?.Contains(request.Sought!, StringComparison.Ordinal) != true; i++)
            {
                try
                {
                    found = await ReadAsync(request.Path!, cancellationToken).ConfigureAwait(false);
                }
                catch (WorkspaceException)
                {
                    // Refused this time.
                }
            }

            if (request.Ends)
            {
                await end.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    private Task<string> ReadAsync(string path, CancellationToken cancellationToken) => executor.Workspace.ReadAllTextAsync(path, MaxRead, cancellationToken);
}
