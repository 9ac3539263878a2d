namespace Glovebox.Cli.Output;

/// <summary>What is said about a list of files.</summary>
internal static class FileList
{
    /// <summary>Said where the list may not name every file.</summary>
    public const string Incomplete = "there may be more files: not all of the work directory was looked at";
}
