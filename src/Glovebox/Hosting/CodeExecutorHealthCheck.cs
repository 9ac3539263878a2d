using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Glovebox.Hosting;

/// <summary>Tells whether an executor works:
/// <c>services.AddHealthChecks().AddCheck&lt;CodeExecutorHealthCheck&gt;("sandbox")</c>.</summary>
/// <remarks>The check starts an executor that nothing has started or stopped yet, and runs no code. An executor that is stopped or
/// cannot be started has the failure status of the check's registration; one that lost its sandbox is degraded, because its next execution
/// starts another.</remarks>
/// <param name="executor">The executor. It stays the caller's.</param>
public sealed class CodeExecutorHealthCheck(ICodeExecutor executor) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            executor.GetService<IExecutorState>()?.ThrowIfStopped();
            await executor.StartAsync(cancellationToken).ConfigureAwait(false);
            SandboxCapabilities? capabilities = executor.GetService<SandboxCapabilities>();
            Dictionary<string, object> data = capabilities is null ? [] : new() { ["environment"] = capabilities.Kind };
            return executor.GetService<ISandbox>() is { Ended.IsCompleted: true }
                ? HealthCheckResult.Degraded("The sandbox was lost. The next execution starts another.", data: data)
                : HealthCheckResult.Healthy(data: data);
        }
        catch (Exception e) when (e is CodeExecutionException or InvalidOperationException)
        {
            return Failed(context, e);
        }
    }

    /// <summary>A failure, in the words of the exception and of its hint.</summary>
    internal static HealthCheckResult Failed(
        HealthCheckContext context, Exception exception, IReadOnlyDictionary<string, object>? data = null) => new(
        context.Registration.FailureStatus,
        exception is CodeExecutionException { Hint: { } hint } ? $"{exception.Message} {hint}" : exception.Message,
        exception,
        data);
}
