namespace Glovebox.Middleware;

/// <summary>Traces and metrics of executions.</summary>
public static class OpenTelemetryExtensions
{
    /// <summary>Traces and measures executions, see <see cref="OpenTelemetryCodeExecutor"/>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="sourceName">The name of the activity source and of the meter. Null:
    /// <see cref="OpenTelemetryCodeExecutor.DefaultSourceName"/>.</param>
    /// <param name="configure">Changes the decorator before it is used. Null: as it is.</param>
    /// <returns>The builder.</returns>
    public static CodeExecutorBuilder UseOpenTelemetry(
        this CodeExecutorBuilder builder, string? sourceName = null, Action<OpenTelemetryCodeExecutor>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) =>
        {
            OpenTelemetryCodeExecutor decorator = new(inner, sourceName, (TimeProvider?)services.GetService(typeof(TimeProvider)));
            configure?.Invoke(decorator);
            return decorator;
        });
    }
}
