using Glovebox.Cli.Output;
using Microsoft.Extensions.Logging;

namespace Glovebox.Cli.Mcp;

/// <summary>Writes warnings and errors to standard error, a line each: standard output belongs to the protocol.</summary>
/// <remarks>By hand, because Microsoft.Extensions.Logging.Console passes control characters of a guest on to the terminal.</remarks>
internal sealed class StandardErrorLog : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // The caller of a cancelled call knows.
        if (IsEnabled(logLevel) && exception is not OperationCanceledException)
        {
            Console.Error.WriteLine($"glovebox: {TerminalText.Line($"{formatter(state, exception)} {exception?.Message}".TrimEnd())}");
        }
    }

    public void Dispose()
    {
    }
}
