using System.Text.Encodings.Web;
using Microsoft.Extensions.Logging;

namespace Glovebox.Middleware;

/// <summary>What decorators log: events 1 to 11 are of <see cref="LoggingCodeExecutor"/>, 12 is of
/// <see cref="AuditCodeExecutor"/>.</summary>
internal static partial class LogMessages
{
    /// <summary>A line of a log must not be forged, nor a terminal that shows it be driven, by text that guest code chose.</summary>
    public static string Escape(string text) => WorkspacePath.Printable(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text));

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Operation} began.")]
    public static partial void OperationBegan(ILogger logger, string operation);

    [LoggerMessage(EventId = 2, Level = LogLevel.Debug, Message = "{Operation} ended after {Milliseconds} ms.")]
    public static partial void OperationEnded(ILogger logger, string operation, double milliseconds);

    [LoggerMessage(EventId = 3, Level = LogLevel.Debug, Message = "{Operation} was cancelled.")]
    public static partial void OperationCancelled(ILogger logger, string operation);

    [LoggerMessage(EventId = 4, Level = LogLevel.Error, Message = "{Operation} failed.")]
    public static partial void OperationFailed(ILogger logger, string operation, Exception exception);

    [LoggerMessage(EventId = 5, Level = LogLevel.Debug, Message = "Block {Index} ({Language}) began.", SkipEnabledCheck = true)]
    public static partial void BlockBegan(ILogger logger, int index, string language);

    [LoggerMessage(EventId = 6, Level = LogLevel.Debug, SkipEnabledCheck = true,
        Message = "Block {Index} ({Language}) ended with exit code {ExitCode}, {Termination}, after {Milliseconds} ms.")]
    public static partial void BlockEnded(
        ILogger logger, int index, string language, int exitCode, TerminationReason termination, double milliseconds);

    [LoggerMessage(
        EventId = 7, Level = LogLevel.Debug, Message = "Block {Index} produced the file {Path} of {Size} bytes.", SkipEnabledCheck = true)]
    public static partial void FileProduced(ILogger logger, int index, string path, long size);

    [LoggerMessage(EventId = 8, Level = LogLevel.Information,
        Message = "Executed {Ran} of {Count} code blocks in {Milliseconds} ms; exit code {ExitCode}.")]
    public static partial void Executed(ILogger logger, int ran, int count, double milliseconds, int exitCode);

    [LoggerMessage(EventId = 9, Level = LogLevel.Debug, Message = "The reader left the execution during or after block {Index}.")]
    public static partial void LeftEarly(ILogger logger, int index);

    [LoggerMessage(EventId = 10, Level = LogLevel.Trace, Message = "Block {Index} is: {Code}", SkipEnabledCheck = true)]
    public static partial void Code(ILogger logger, int index, string code);

    [LoggerMessage(EventId = 11, Level = LogLevel.Trace, Message = "Block {Index} printed to {Stream}: {Text}", SkipEnabledCheck = true)]
    public static partial void Output(ILogger logger, int index, OutputStream stream, string text);

    [LoggerMessage(EventId = 12, Level = LogLevel.Error, Message = "{What} could not be kept in the audit.")]
    public static partial void NotAudited(ILogger logger, string what, Exception exception);
}
