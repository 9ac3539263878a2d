using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Middleware;

/// <summary>Logging of executions.</summary>
public static class LoggingExtensions
{
    /// <summary>Logs what the executor is asked and how it ends, see <see cref="LoggingCodeExecutor"/>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="loggerFactory">Makes the logger. Null: the one of the services that the executor is built with. With
    /// <see cref="NullLoggerFactory"/> nothing is added.</param>
    /// <param name="configure">Changes the decorator before it is used. Null: as it is.</param>
    /// <returns>The builder.</returns>
    /// <remarks>Building throws <see cref="InvalidOperationException"/> when there is no logger factory.</remarks>
    public static CodeExecutorBuilder UseLogging(
        this CodeExecutorBuilder builder, ILoggerFactory? loggerFactory = null, Action<LoggingCodeExecutor>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) =>
        {
            ILoggerFactory factory = loggerFactory ?? (ILoggerFactory?)services.GetService(typeof(ILoggerFactory))
                ?? throw new InvalidOperationException(
                    "UseLogging needs an ILoggerFactory: pass one, or register logging with the services (AddLogging).");
            if (ReferenceEquals(factory, NullLoggerFactory.Instance))
            {
                return inner;
            }

            LoggingCodeExecutor decorator =
                new(inner, factory.CreateLogger<LoggingCodeExecutor>(), (TimeProvider?)services.GetService(typeof(TimeProvider)));
            configure?.Invoke(decorator);
            return decorator;
        });
    }
}
