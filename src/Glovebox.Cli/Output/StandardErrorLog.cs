using Microsoft.Extensions.Logging;

namespace Glovebox.Cli.Output;

/// <summary>Writes what matters to standard error, a line each: standard output belongs to a protocol.</summary>
/// <param name="least">What matters.</param>
/// <remarks>By hand, because Microsoft.Extensions.Logging.Console passes control characters of a guest on to the terminal.</remarks>
internal sealed class StandardErrorLog(LogLevel least = LogLevel.Warning) : ILoggerFactory, ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // The caller of a cancelled call knows.
        if (IsEnabled(logLevel) && exception is not OperationCanceledException)
        {
            // An error is a defect, or something of this machine: who looks for it needs to know where it was.
            string? detail = logLevel >= LogLevel.Error && exception is not CodeExecutionException ? exception?.ToString() : exception?.Message;
            Console.Error.WriteLine($"glovebox: {TerminalText.Line($"{formatter(state, exception)} {detail}".TrimEnd())}");
        }
    }

    public void Dispose()
    {
    }
}
