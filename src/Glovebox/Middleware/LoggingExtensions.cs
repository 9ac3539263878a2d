using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Middleware;

/// <summary>Logging of executions.</summary>
public static class LoggingExtensions
{
    /// <summary>Logs what the executor is asked and how it ends: one line for an execution at <see cref="LogLevel.Information"/>, its steps
    /// at <see cref="LogLevel.Debug"/>, failures of the sandbox at <see cref="LogLevel.Error"/>.</summary>
    /// <remarks>Control characters in what guest code chose (languages, file names, output) are escaped, so that it forges no line.
    /// Building
    /// throws <see cref="InvalidOperationException"/> when there is no logger factory.</remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="loggerFactory">Makes the logger. Null: the one of the services that the executor is built with. With
    /// <see cref="NullLoggerFactory"/> nothing is added.</param>
    /// <param name="enableSensitiveData">Whether code and output are logged, at <see cref="LogLevel.Trace"/>. They may hold secrets and
    /// personal data.</param>
    /// <returns>The builder.</returns>
    public static CodeExecutorBuilder UseLogging(
        this CodeExecutorBuilder builder, ILoggerFactory? loggerFactory = null, bool enableSensitiveData = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) =>
        {
            ILoggerFactory factory = loggerFactory ?? (ILoggerFactory?)services.GetService(typeof(ILoggerFactory))
                ?? throw new InvalidOperationException(
                    "UseLogging needs an ILoggerFactory: pass one, or register logging with the services (AddLogging).");
            return ReferenceEquals(factory, NullLoggerFactory.Instance) ? inner : new LoggingCodeExecutor(
                inner,
                factory.CreateLogger<LoggingCodeExecutor>(),
                (TimeProvider?)services.GetService(typeof(TimeProvider)) ?? TimeProvider.System,
                enableSensitiveData);
        });
    }
}
