namespace Glovebox;

/// <summary>The options of a command-line executor as they were when it was made.</summary>
internal sealed class CommandLineSettings
{
    public CommandLineSettings(CommandLineCodeExecutorOptions options, long maxOutput, bool deleteTempFiles)
    {
        Timeout = options.Timeout;
        Languages = new LanguageRegistry(options.Languages);
        MaxOutput = maxOutput;
        DeleteTempFiles = deleteTempFiles;
    }

    public TimeSpan Timeout { get; }

    public LanguageRegistry Languages { get; }

    public long MaxOutput { get; }

    public bool DeleteTempFiles { get; }

    /// <summary>Whether the work directory is looked at after each block; false where that would take a request for every folder.</summary>
    public bool TracksFiles { get; init; } = true;
}
