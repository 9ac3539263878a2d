using Microsoft.Extensions.Logging;

namespace Glovebox.Middleware;

/// <summary>The lines of one execution.</summary>
internal sealed class ExecutionLog : ExecutionObserver
{
    private const string Operation = "Execution";

    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly LanguageRegistry _languages;
    private readonly int _count;
    private readonly bool _tellsSteps;
    private readonly bool _tellsContent;
    private readonly long _began;
    private int _ran;
    private int _index;
    private int _exitCode;

    public ExecutionLog(ILogger logger, TimeProvider timeProvider, LanguageRegistry languages, int count, bool enableSensitiveData)
    {
        _logger = logger;
        _timeProvider = timeProvider;
        _languages = languages;
        _count = count;
        _tellsSteps = logger.IsEnabled(LogLevel.Debug);
        _tellsContent = enableSensitiveData && logger.IsEnabled(LogLevel.Trace);
        _began = timeProvider.GetTimestamp();
        LogMessages.OperationBegan(logger, Operation);
    }

    protected override ValueTask ReceivedAsync(CodeExecutionUpdate update)
    {
        _index = update.BlockIndex;
        if (update is BlockCompletedUpdate completed)
        {
            _ran++;
            _exitCode = completed.Result.ExitCode;
        }

        if (_tellsSteps)
        {
            TellStep(update);
        }

        if (_tellsContent)
        {
            TellContent(update);
        }

        return ValueTask.CompletedTask;
    }

    protected override void Failed(Exception exception, bool isCancellation)
    {
        if (isCancellation)
        {
            LogMessages.OperationCancelled(_logger, Operation);
        }
        else
        {
            LogMessages.OperationFailed(_logger, Operation, exception);
        }
    }

    protected override ValueTask EndedAsync(ExecutionEnd end)
    {
        if (end == ExecutionEnd.Completed)
        {
            double milliseconds = _timeProvider.GetElapsedTime(_began).TotalMilliseconds;
            LogMessages.Executed(_logger, _ran, _count, milliseconds, _exitCode);
        }
        else if (end == ExecutionEnd.LeftEarly)
        {
            LogMessages.LeftEarly(_logger, _index);
        }

        return ValueTask.CompletedTask;
    }

    private void TellStep(CodeExecutionUpdate update)
    {
        switch (update)
        {
            case BlockStartedUpdate started:
                string given = Named(started.Block.Language);
                LogMessages.BlockBegan(_logger, _index, given);
                break;
            case FileProducedUpdate produced:
                string path = WorkspacePath.Printable(produced.File.Path);
                LogMessages.FileProduced(_logger, _index, path, produced.File.Size);
                break;
            case BlockCompletedUpdate { Result: { } result }:
                string language = Named(result.Language);
                LogMessages.BlockEnded(_logger, _index, language, result.ExitCode, result.Termination, result.Duration.TotalMilliseconds);
                break;
        }
    }

    private void TellContent(CodeExecutionUpdate update)
    {
        switch (update)
        {
            case BlockStartedUpdate started:
                string code = LogMessages.Escape(started.Block.Code);
                LogMessages.Code(_logger, _index, code);
                break;
            case OutputReceivedUpdate output:
                string text = LogMessages.Escape(output.Text);
                LogMessages.Output(_logger, _index, output.Stream, text);
                break;
        }
    }

    private string Named(string language) => _languages.Find(language)?.Name ?? WorkspacePath.Printable(language);
}
