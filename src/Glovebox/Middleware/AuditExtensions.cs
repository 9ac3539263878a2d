using Glovebox.Audit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Middleware;

/// <summary>Keeping who ran what, where, and with which result.</summary>
public static class AuditExtensions
{
    /// <summary>Keeps each execution as <see cref="AuditEvent"/>s in a sink.</summary>
    /// <remarks>
    /// <para>The events are: one before anything runs, with the hash of each block; one for each call of a host function, each decision
    /// about egress and each block that ended; one when all is over.</para>
    /// <para>Add it first. The decorator that was added first is the outermost: then blocks that an approval denies are kept, and an
    /// execution of several blocks is one. Added after <c>UseApproval</c>, it sees approved blocks alone, each as an execution of its
    /// own.</para>
    /// <para>What goes past the decorators is not kept: the files of the <see cref="ICodeExecutor.Workspace"/>, what set-up installs, and
    /// calls of an executor that <see cref="ICodeExecutor.GetService"/> gave.</para>
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="sink">Keeps the events; it stays the caller's, who disposes it after the executor. Several executors may share it.
    /// Null: the one of the services that the executor is built with.</param>
    /// <param name="configure">Changes the options. Null: the defaults.</param>
    /// <param name="loggerFactory">Makes the logger that hears of events that could not be kept. Null: the one of the services, if there is
    /// one.</param>
    /// <returns>The builder. Its <see cref="CodeExecutorBuilder.Build"/> throws <see cref="InvalidOperationException"/> when there is no
    /// sink, and when <see cref="AuditOptions.FailsClosed"/> is false and there is no logger factory.</returns>
    public static CodeExecutorBuilder UseAudit(
        this CodeExecutorBuilder builder,
        IAuditSink? sink = null,
        Action<AuditOptions>? configure = null,
        ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AuditOptions options = new();
        configure?.Invoke(options);
        options = options.Copy();
        return builder.Use((inner, services) =>
        {
            IAuditSink kept = sink ?? (IAuditSink?)services.GetService(typeof(IAuditSink))
                ?? throw new InvalidOperationException(
                    "UseAudit needs an IAuditSink: pass one, or register one with the services, such as a FileAuditSink.");
            ILoggerFactory factory = loggerFactory ?? (ILoggerFactory?)services.GetService(typeof(ILoggerFactory))
                ?? (options.FailsClosed ? NullLoggerFactory.Instance : throw new InvalidOperationException(
                    "UseAudit needs an ILoggerFactory when FailsClosed is false: events that cannot be kept would be lost in silence."));
            return new AuditCodeExecutor(
                inner,
                kept,
                options,
                factory.CreateLogger<AuditCodeExecutor>(),
                (TimeProvider?)services.GetService(typeof(TimeProvider)) ?? TimeProvider.System);
        });
    }
}
