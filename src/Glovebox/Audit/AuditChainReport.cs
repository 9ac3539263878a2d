using System.Text.Json.Serialization;

namespace Glovebox.Audit;

/// <summary>What a check of audit files found.</summary>
public sealed class AuditChainReport
{
    internal AuditChainReport()
    {
    }

    /// <summary>Gets whether nothing is wrong.</summary>
    public bool IsIntact => ProblemCount == 0;

    /// <summary>Gets the files, in the order of their lines.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Gets how many lines there are that have the form of one.</summary>
    public required long Lines { get; init; }

    /// <summary>Gets the number of the first line; 0 without lines. Over 1: lines before it are not in these files.</summary>
    public required long FirstSequence { get; init; }

    /// <summary>Gets the number of the last line; 0 without lines.</summary>
    public required long LastSequence { get; init; }

    /// <summary>Gets the hash of the last line; null without lines.</summary>
    public required string? LastHash { get; init; }

    /// <summary>Gets whether the lines were made with a key.</summary>
    public required bool IsKeyed { get; init; }

    /// <summary>Gets how many things are wrong.</summary>
    public required long ProblemCount { get; init; }

    /// <summary>Gets what is wrong, in the order of the lines: the first 100.</summary>
    public required IReadOnlyList<AuditChainProblem> Problems { get; init; }
}

/// <summary>Something that is wrong in an audit file.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="File">The file; empty where it is about all files.</param>
/// <param name="Line">The number of the line in the file, from 1; 0 where it is about the whole file.</param>
/// <param name="Sequence">The number that the line says it has; null where none can be read.</param>
/// <param name="Message">What is wrong, in words.</param>
public sealed record AuditChainProblem(AuditChainProblemKind Kind, string File, long Line, long? Sequence, string Message);

/// <summary>What can be wrong in an audit file.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuditChainProblemKind>))]
public enum AuditChainProblemKind
{
    /// <summary>A line has not the form of one.</summary>
    NotALine,

    /// <summary>A line is not as it was written, or was made with another key.</summary>
    Changed,

    /// <summary>Lines are missing before a line.</summary>
    Missing,

    /// <summary>A line stands where an earlier or later one belongs, or twice.</summary>
    OutOfOrder,

    /// <summary>A line has the right number and does not follow from the line before: one of them was written again.</summary>
    NotLinked,

    /// <summary>The last line has no end.</summary>
    Torn,

    /// <summary>A file has no lines.</summary>
    Empty,

    /// <summary>The hash that was expected is not among the lines.</summary>
    NotFound,
}
