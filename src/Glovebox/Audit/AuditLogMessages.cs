using Glovebox.Egress;
using Microsoft.Extensions.Logging;

namespace Glovebox.Audit;

/// <summary>What <see cref="LoggerAuditSink"/> says.</summary>
internal static partial class AuditLogMessages
{
    [LoggerMessage(EventId = 101, Level = LogLevel.Information,
        Message = "Execution {Execution} of {Who} by {Executor} in {Sandbox} begins: {BlockCount} blocks.")]
    public static partial void Started(ILogger logger, Guid execution, string? who, string executor, string? sandbox, int blockCount);

    [LoggerMessage(EventId = 102, Level = LogLevel.Information,
        Message = "Execution {Execution}: block {Block} is {Language} code of {CodeBytes} bytes with the SHA-256 {CodeSha256}.")]
    public static partial void Block(ILogger logger, Guid execution, int block, string language, long codeBytes, string codeSha256);

    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "Execution {Execution}: block {Block} is {Code}")]
    public static partial void Code(ILogger logger, Guid execution, int block, string code);

    [LoggerMessage(EventId = 104, Level = LogLevel.Information,
        Message = "Execution {Execution}: block {Block} called {Function} for {Duration}; error {Error}.")]
    public static partial void Called(ILogger logger, Guid execution, int block, string function, TimeSpan duration, string? error);

    [LoggerMessage(EventId = 105, Level = LogLevel.Information,
        Message = "Execution {Execution}: block {Block} called {Function} with {Arguments}")]
    public static partial void Arguments(ILogger logger, Guid execution, int block, string function, string arguments);

    [LoggerMessage(EventId = 106, Level = LogLevel.Information,
        Message = "Execution {Execution}: block {Block}, connection {Connection}: {Kind} {Method} {Host}:{Port}, rule {Rule}, "
            + "reason {Reason}, secrets {Secrets}, {BytesSent} bytes sent, {BytesReceived} received.")]
    public static partial void Egress(
        ILogger logger, Guid execution, int block, long connection, EgressEventKind kind, string? method, string host, int port,
        string? rule, string? reason, string? secrets, long bytesSent, long bytesReceived);

    [LoggerMessage(EventId = 107, Level = LogLevel.Information,
        Message = "Execution {Execution}: block {Block} ({Language}) ended with exit code {ExitCode}, {Termination}, after {Duration}; "
            + "{OutputBytes} bytes of output, {FileCount} files made or changed, {DeletedFileCount} deleted.")]
    public static partial void Completed(
        ILogger logger, Guid execution, int block, string language, int exitCode, TerminationReason termination, TimeSpan duration,
        long outputBytes, int fileCount, int deletedFileCount);

    [LoggerMessage(EventId = 108, Level = LogLevel.Information, Message = "Execution {Execution}: block {Block} printed {Output}")]
    public static partial void Output(ILogger logger, Guid execution, int block, string output);

    [LoggerMessage(EventId = 109, Level = LogLevel.Information,
        Message = "Execution {Execution} ended: {Outcome}, exit code {ExitCode}, {BlocksEnded} blocks, after {Duration}; error {Error}.")]
    public static partial void Ended(
        ILogger logger, Guid execution, AuditOutcome outcome, int? exitCode, int blocksEnded, TimeSpan duration, string? error);
}
