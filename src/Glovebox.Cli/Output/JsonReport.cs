using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glovebox.Cli.Output;

/// <summary>The object that <c>--json</c> prints.</summary>
internal sealed record JsonReport(
    int ExitCode,
    string Output,
    string Executor,
    IReadOnlyList<JsonBlock> Blocks,
    IReadOnlyList<string> Files,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? SetIdFiles,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool FilesTruncated,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<JsonRefusal>? Refused)
{
    public static JsonReport Of(CodeResult result, string executor, Refusals? refusals) => new(
        result.ExitCode,
        result.Output,
        executor,
        [.. result.Blocks.Select(JsonBlock.Of)],
        [.. result.OutputFiles.Select(f => f.Path)],
        result.OutputFiles.Any(f => f.HasSetIdBits) ? [.. result.OutputFiles.Where(f => f.HasSetIdBits).Select(f => f.Path)] : null,
        !result.AreOutputFilesComplete,
        refusals?.Told);

    public string ToJson() => JsonSerializer.Serialize(this, JsonReportContext.Readable.JsonReport);
}

/// <summary>One block of the report.</summary>
internal sealed record JsonBlock(
    string Language,
    int ExitCode,
    [property: JsonPropertyName("stdout")] string StandardOutput,
    [property: JsonPropertyName("stderr")] string StandardError,
    double DurationMs,
    string? CodeFile,
    bool TimedOut,
    bool Truncated,
    string Termination,
    IReadOnlyList<JsonDisplay> Displays)
{
    public static JsonBlock Of(BlockResult block) => new(
        block.Language,
        block.ExitCode,
        block.StandardOutput,
        block.StandardError,
        Math.Round(block.Duration.TotalMilliseconds, 2),
        block.CodeFile,
        block.TimedOut,
        block.Truncated,
        JsonNamingPolicy.CamelCase.ConvertName(block.Termination.ToString()),
        [.. block.Displays.SelectMany(d => d.Files).Select(f => new JsonDisplay(f.Key, f.Value))]);
}

/// <summary>Something that a block showed, saved in a file.</summary>
internal sealed record JsonDisplay(string MimeType, string File);

/// <summary>An error of Glovebox's own.</summary>
internal sealed record JsonFailure(JsonError Error)
{
    public string ToJson() => JsonSerializer.Serialize(this, JsonReportContext.Readable.JsonFailure);
}

/// <summary>What is wrong, and what to do.</summary>
internal sealed record JsonError(string Code, string Message, string? Hint);

[JsonSerializable(typeof(JsonReport))]
[JsonSerializable(typeof(JsonFailure))]
[JsonSerializable(typeof(Doctor.DoctorReport))]
[JsonSerializable(typeof(Glovebox.Audit.AuditChainReport))]
internal sealed partial class JsonReportContext : JsonSerializerContext
{
    /// <summary>Leaves letters of all scripts readable: this goes to a terminal or a parser, not into HTML.</summary>
    public static readonly JsonReportContext Readable = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    });
}
