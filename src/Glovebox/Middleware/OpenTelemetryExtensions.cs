namespace Glovebox.Middleware;

/// <summary>Traces and metrics of executions.</summary>
public static class OpenTelemetryExtensions
{
    /// <summary>The name of the activity source and of the meter where none is given.</summary>
    public const string DefaultSourceName = "Glovebox";

    /// <summary>Traces and measures executions by <c>System.Diagnostics</c>, from which any OpenTelemetry SDK collects.</summary>
    /// <remarks>
    /// <para><b>Activities.</b> <c>execute_code</c> for an execution, and in it <c>execute_code_block LANGUAGE</c> for each block, with
    /// <c>glovebox.environment</c>, <c>glovebox.block.count</c>, <c>glovebox.block.index</c>, <c>glovebox.language</c>,
    /// <c>glovebox.termination</c>, <c>process.exit.code</c> and, where it is not 0 or something failed, <c>error.type</c> and an error
    /// status.</para>
    /// <para><b>Metrics.</b> Histograms <c>glovebox.execution.duration</c>, <c>glovebox.block.duration</c> and
    /// <c>glovebox.start.duration</c> in seconds, counters <c>glovebox.executions</c> and <c>glovebox.blocks</c>, and
    /// <c>glovebox.executions.active</c>. Executors with the same source name share one meter, which lives as long as the
    /// process.</para>
    /// <para>A call of <see cref="ICodeExecutor.StartAsync"/> is an activity <c>start_executor</c>, one of
    /// <see cref="ICodeExecutor.RestartAsync"/> <c>restart_executor</c>; a start on first use is a part of that use. A
    /// <see cref="Sessions.CodeSessionPool"/> measures its own sessions and starts under <see cref="DefaultSourceName"/>.</para>
    /// <para>A language that the executor does not know is <c>_OTHER</c>, because the model that wrote the code chooses its name.</para>
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="sourceName">The name of the activity source and of the meter.</param>
    /// <param name="enableSensitiveData">Whether code and output are recorded, as <c>glovebox.code</c> and <c>glovebox.output</c> of a
    /// block's activity. They may hold secrets and personal data.</param>
    /// <returns>The builder.</returns>
    public static CodeExecutorBuilder UseOpenTelemetry(
        this CodeExecutorBuilder builder, string sourceName = DefaultSourceName, bool enableSensitiveData = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) => new OpenTelemetryCodeExecutor(
            inner, sourceName, (TimeProvider?)services.GetService(typeof(TimeProvider)) ?? TimeProvider.System, enableSensitiveData));
    }
}
