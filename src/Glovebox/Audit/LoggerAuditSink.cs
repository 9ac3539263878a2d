using Glovebox.Middleware;
using Microsoft.Extensions.Logging;

namespace Glovebox.Audit;

/// <summary>Keeps audit events in a log, at <see cref="LogLevel.Information"/>, with the ids 101 to 109 and named values.</summary>
/// <remarks>It is as safe as the log: one that drops lines, or a filter that holds them back, loses events without a word. Names and texts
/// that guest code chose are escaped. Files are told as numbers; the <see cref="FileAuditSink"/> has their names.</remarks>
public sealed class LoggerAuditSink : IAuditSink
{
    private readonly ILogger _logger;

    /// <summary>Makes a sink.</summary>
    /// <param name="loggerFactory">Makes the logger, of the category <c>Glovebox.Audit.LoggerAuditSink</c>.</param>
    public LoggerAuditSink(ILoggerFactory loggerFactory)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        _logger = loggerFactory.CreateLogger<LoggerAuditSink>();
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(AuditEvent auditEvent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(auditEvent);
        if (_logger.IsEnabled(LogLevel.Information))
        {
            Write(auditEvent);
        }

        return ValueTask.CompletedTask;
    }

    private void Write(AuditEvent auditEvent)
    {
        switch (auditEvent)
        {
            case ExecutionStartedEvent e:
                Started(e);
                break;
            case FunctionCallAuditEvent e:
                string function = LogMessages.Escape(e.Function);
                AuditLogMessages.Called(_logger, e.Execution, e.Block, function, e.Duration, e.Error);
                if (e.Arguments is { } arguments)
                {
                    arguments = LogMessages.Escape(arguments);
                    AuditLogMessages.Arguments(_logger, e.Execution, e.Block, function, arguments);
                }

                break;
            case EgressAuditEvent e:
                Egress(e);
                break;
            case BlockCompletedEvent e:
                string language = LogMessages.Escape(e.Language);
                AuditLogMessages.Completed(
                    _logger, e.Execution, e.Block, language, e.ExitCode, e.Termination, e.Duration, e.OutputBytes, e.FileCount,
                    e.DeletedFileCount);
                if (e.Output is { } output)
                {
                    output = LogMessages.Escape(output);
                    AuditLogMessages.Output(_logger, e.Execution, e.Block, output);
                }

                break;
            case ExecutionEndedEvent e:
                AuditLogMessages.Ended(_logger, e.Execution, e.Outcome, e.ExitCode, e.BlocksEnded, e.Duration, e.Error);
                break;
        }
    }

    private void Started(ExecutionStartedEvent e)
    {
        string? who = e.Who is null ? null : LogMessages.Escape(e.Who);
        AuditLogMessages.Started(_logger, e.Execution, who, e.Executor, e.Sandbox, e.BlockCount);
        foreach ((int index, AuditedBlock block) in e.Blocks.Index())
        {
            string language = LogMessages.Escape(block.Language);
            AuditLogMessages.Block(_logger, e.Execution, index, language, block.CodeBytes, block.CodeSha256);
            if (block.Code is { } code)
            {
                code = LogMessages.Escape(code);
                AuditLogMessages.Code(_logger, e.Execution, index, code);
            }
        }
    }

    private void Egress(EgressAuditEvent e)
    {
        string host = LogMessages.Escape(e.Host);
        string? method = e.Method is null ? null : LogMessages.Escape(e.Method);
        string? secrets = e.Secrets is null ? null : string.Join(", ", e.Secrets);
        AuditLogMessages.Egress(
            _logger, e.Execution, e.Block, e.Connection, e.Kind, method, host, e.Port, e.Rule, e.Reason, secrets, e.BytesSent,
            e.BytesReceived);
    }
}
