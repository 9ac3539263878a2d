using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Glovebox.Agents.Functions;

namespace Glovebox.Cli.Mcp;

/// <summary>The result of <c>run_code</c> for programs. Its names are those of <c>glovebox run --json</c>.</summary>
internal sealed record RunReport(
    int ExitCode,
    [property: Description("How the program ended: exited, signaled, timedOut, outOfMemory, sandboxLost, or why it did not run.")]
    string Termination,
    double DurationMs,
    [property: Description("What was printed, without terminal sequences; of a long text the beginning and the end.")]
    string Output,
    [property: Description("Whether output is missing.")]
    bool Truncated,
    [property: Description("The files that were made or changed.")]
    IReadOnlyList<ReportedFile> Files,
    IReadOnlyList<string> DeletedFiles,
    [property: Description("Whether there may be more files, or deleted ones, than are listed.")]
    bool FilesTruncated,
    [property: Description("What is to be known beyond that, such as pictures that are not attached and hosts that were refused.")]
    IReadOnlyList<string> Notes)
{
    /// <param name="result">The result of one block.</param>
    /// <param name="notes">More to say.</param>
    /// <param name="maxTextLength">The most characters of the output.</param>
    public static RunReport Of(CodeResult result, IReadOnlyList<string> notes, int maxTextLength)
    {
        BlockResult block = result.Blocks[^1];
        string whole = RunText.Clean(result.Output), output = RunText.Bound(whole, maxTextLength);
        (IReadOnlyList<ReportedFile> files, bool areAll) = ReportedFile.Bound(result.OutputFiles, maxTextLength);
        (IReadOnlyList<string> deleted, bool areAllDeleted) = ReportedFile.Bound(block.DeletedFiles, path => path, maxTextLength);
        return new(
            result.ExitCode,
            JsonNamingPolicy.CamelCase.ConvertName(block.Termination.ToString()),
            Math.Round(block.Duration.TotalMilliseconds, 2),
            output,
            block.Truncated || output.Length < whole.Length,
            files,
            deleted,
            !areAll || !areAllDeleted || !result.AreOutputFilesComplete,
            notes);
    }

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, ReportContext.Default.RunReport);
}

/// <summary>The result of <c>list_files</c> for programs.</summary>
internal sealed record FilesReport(
    IReadOnlyList<ReportedFile> Files,
    [property: Description("Whether there are more files than are listed.")]
    bool FilesTruncated)
{
    public static FilesReport Of(WorkspaceListing listing, int maxTextLength)
    {
        (IReadOnlyList<ReportedFile> files, bool areAll) = ReportedFile.Bound(listing.Files, maxTextLength);
        return new(files, !areAll || !listing.IsComplete);
    }

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, ReportContext.Default.FilesReport);
}

/// <summary>A file of a report.</summary>
internal sealed record ReportedFile(
    [property: Description("Relative to the session's directory.")]
    string Path,
    [property: Description("Bytes.")]
    long Size,
    [property: Description("Whether it has set-user-id or set-group-id bits: do not run it outside the sandbox.")]
    bool SetId)
{
    /// <summary>What a file takes beyond its name, roughly.</summary>
    private const int Besides = 40;

    /// <summary>Takes the first files, whose report takes no more room than a text.</summary>
    public static (IReadOnlyList<ReportedFile> Files, bool AreAll) Bound(IReadOnlyList<WorkspaceFile> files, int maxTextLength)
    {
        (IReadOnlyList<WorkspaceFile> taken, bool areAll) = Bound(files, file => file.Path, maxTextLength);
        return ([.. taken.Select(f => new ReportedFile(f.Path, f.Size, f.HasSetIdBits))], areAll);
    }

    /// <inheritdoc cref="Bound(IReadOnlyList{WorkspaceFile}, int)"/>
    public static (IReadOnlyList<T> Taken, bool AreAll) Bound<T>(IReadOnlyList<T> items, Func<T, string> path, int maxTextLength)
    {
        int room = maxTextLength;
        T[] taken = [.. items.TakeWhile(item => (room -= path(item).Length + Besides) >= 0)];
        return (taken, taken.Length == items.Count);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(FilesReport))]
internal sealed partial class ReportContext : JsonSerializerContext;
