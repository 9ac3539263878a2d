using System.Buffers;
using System.Diagnostics;
using Glovebox.Middleware;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Glovebox.Functions.Calls;

/// <summary>Runs functions of the host: asks for approval where it must, hides the reasons of failures from the guest, and
/// reports each call.</summary>
internal sealed partial class HostFunctionInvoker(
    Func<FunctionCallContext, CancellationToken, ValueTask<ApprovalDecision>>? approve, ILogger logger, TimeProvider timeProvider)
    : IDisposable
{
    private static readonly ActivitySource Activities = new("Glovebox");

    /// <summary>Approvals are asked for one at a time.</summary>
    private readonly SemaphoreSlim _asking = new(1, 1);

    /// <summary>Runs a function.</summary>
    /// <param name="call">What to run, or to refuse.</param>
    /// <param name="answer">Gets the result as JSON, unless it failed.</param>
    /// <param name="maxResultSize">In bytes.</param>
    /// <param name="cancellationToken">Cancels the function.</param>
    /// <returns>Why there is no result, or null. Never throws.</returns>
    public Task<CallFailure?> InvokeAsync(
        HostFunctionCall call, ArrayBufferWriter<byte> answer, int maxResultSize, CancellationToken cancellationToken)
    {
        if (call.Scope.Context is not { } context)
        {
            return TracedAsync(call, answer, maxResultSize, cancellationToken);
        }

        Task<CallFailure?>? running = null;
        ExecutionContext.Run(context, _ => running = TracedAsync(call, answer, maxResultSize, cancellationToken), null);
        return running!;
    }

    /// <summary>Whether a function is one that runs only when its call is approved.</summary>
    public static bool NeedsApproval(AIFunction function) => function.GetService<ApprovalRequiredAIFunction>() is not null;

    public void Dispose() => _asking.Dispose();

    private async Task<CallFailure?> TracedAsync(
        HostFunctionCall call, ArrayBufferWriter<byte> answer, int maxResultSize, CancellationToken cancellationToken)
    {
        using Activity? activity = Activities.HasListeners() ? Activities.StartActivity($"execute_tool {call.Function.Name}") : null;
        activity?.SetTag("gen_ai.operation.name", "execute_tool").SetTag("gen_ai.tool.name", call.Function.Name);
        long started = timeProvider.GetTimestamp();
        CallFailure? failure = call.Refusal ?? await RunAsync(call, answer, maxResultSize, cancellationToken).ConfigureAwait(false);
        if (failure is not null)
        {
            activity?.SetTag("error.type", failure.Code).SetStatus(ActivityStatusCode.Error);
        }

        try
        {
            FunctionCalledUpdate update = new(
                call.Scope.BlockIndex, call.Function.Name, call.ArgumentText, timeProvider.GetElapsedTime(started), failure?.Code);
            await call.Scope.ReportAsync(update, cancellationToken).ConfigureAwait(false);
            return failure;
        }
        catch (OperationCanceledException)
        {
            return CallFailure.Cancelled;
        }
    }

    private async Task<CallFailure?> RunAsync(
        HostFunctionCall call, ArrayBufferWriter<byte> answer, int maxResultSize, CancellationToken cancellationToken)
    {
        try
        {
            // The block may have ended while the call arrived.
            cancellationToken.ThrowIfCancellationRequested();
            if (NeedsApproval(call.Function)
                && await AskAsync(call, cancellationToken).ConfigureAwait(false) is { } denial)
            {
                return denial;
            }

            int before = answer.WrittenCount;
            object? result = await call.Function.InvokeAsync(call.Arguments, cancellationToken).ConfigureAwait(false);
            CallResult.Write(result, call.Function.JsonSerializerOptions, answer);
            return answer.WrittenCount - before > maxResultSize ? CallFailure.ResultTooLarge(maxResultSize) : null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return CallFailure.Cancelled;
        }
        catch (HostFunctionException e)
        {
            LogRefused(logger, call.Function.Name, e);
            return new CallFailure(CallFailure.Failed.Code, e.Message);
        }
        catch (Exception e)
        {
            // The message may hold anything, a connection string for one; it is the host's.
            if (ArgumentCheck.FindUnconvertible(call.Function, call.Arguments) is { } invalid)
            {
                LogRefused(logger, call.Function.Name, e);
                return invalid;
            }

            LogFailed(logger, call.Function.Name, e);
            return CallFailure.Failed;
        }
    }

    /// <summary>Asks for approval of a call. Without <c>FunctionApproval</c> it is denied, unless it was approved with the code.</summary>
    private async Task<CallFailure?> AskAsync(HostFunctionCall call, CancellationToken cancellationToken)
    {
        if (approve is null)
        {
            if (call.Scope.IsApproved)
            {
                return null;
            }

            LogNoApproval(logger, call.Function.Name);
            return CallFailure.NotApproved("There is nobody to ask.");
        }

        await _asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            FunctionCallContext context = new(call.Function, call.Arguments, call.Scope.Block, call.Scope.BlockIndex);
            ApprovalDecision decision = await approve(context, cancellationToken).ConfigureAwait(false);
            return decision.IsApproved ? null : CallFailure.NotApproved(decision.Reason!);
        }
        finally
        {
            _asking.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The host function {Name} failed; guest code is told no more than that.")]
    private static partial void LogFailed(ILogger logger, string name, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The host function {Name} gave guest code an error.")]
    private static partial void LogRefused(ILogger logger, string name, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The host function {Name} needs approval, and the option FunctionApproval is not set; the call was denied.")]
    private static partial void LogNoApproval(ILogger logger, string name);
}
