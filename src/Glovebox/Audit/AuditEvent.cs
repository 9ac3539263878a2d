using System.Text.Json.Serialization;
using Glovebox.Egress;

namespace Glovebox.Audit;

/// <summary>Something that an audit keeps. The classes below are all that there are.</summary>
/// <remarks>An event is one JSON object, see <see cref="AuditJson"/>: the property <c>type</c> says which it is. What is null is left out.
/// No event holds the value of a secret or of an environment variable.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(AuditOpenedEvent), "audit-opened")]
[JsonDerivedType(typeof(ExecutionStartedEvent), "execution-started")]
[JsonDerivedType(typeof(FunctionCallAuditEvent), "function-called")]
[JsonDerivedType(typeof(EgressAuditEvent), "egress")]
[JsonDerivedType(typeof(BlockCompletedEvent), "block-completed")]
[JsonDerivedType(typeof(ExecutionEndedEvent), "execution-ended")]
public abstract class AuditEvent
{
    /// <summary>The version of the events that this library makes: 1. A later one may add properties and types; only another number says
    /// that something has another meaning.</summary>
    public const int CurrentVersion = 1;

    private protected AuditEvent()
    {
    }

    /// <summary>Gets the version of the event's form. The default is <see cref="CurrentVersion"/>.</summary>
    [JsonPropertyOrder(-10)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Gets when it happened, in UTC.</summary>
    [JsonPropertyOrder(-9)]
    public required DateTimeOffset Time { get; init; }
}

/// <summary>An audit file was opened for writing: the first line of each process that writes to it.</summary>
public sealed class AuditOpenedEvent : AuditEvent
{
    /// <summary>Gets the name of the machine.</summary>
    public required string Machine { get; init; }

    /// <summary>Gets the id of the process that writes from here on.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Gets the version of Glovebox that writes from here on.</summary>
    public required string GloveboxVersion { get; init; }

    /// <summary>Gets how many bytes of a line without an end were found at the end of the file and taken away: a crash while a line was
    /// written leaves them. 0: none.</summary>
    public long TornBytes { get; init; }

    /// <summary>Gets the first 4,096 of those bytes as text; null when there were none.</summary>
    public string? TornText { get; init; }
}

/// <summary>An event of an execution.</summary>
public abstract class ExecutionAuditEvent : AuditEvent
{
    private protected ExecutionAuditEvent()
    {
    }

    /// <summary>Gets the id of the execution, which all its events share.</summary>
    [JsonPropertyOrder(-8)]
    public required Guid Execution { get; init; }

    /// <summary>Gets on whose behalf code runs, as <see cref="Middleware.AuditOptions.Who"/> said when the execution began.</summary>
    [JsonPropertyOrder(-7)]
    public string? Who { get; init; }

    /// <summary>Gets the class of the executor, such as <c>InterpreterCodeExecutor</c>.</summary>
    [JsonPropertyOrder(-6)]
    public required string Executor { get; init; }

    /// <summary>Gets the kind of sandbox, such as <c>bubblewrap</c>; null where the executor does not tell.</summary>
    [JsonPropertyOrder(-5)]
    public string? Sandbox { get; init; }
}

/// <summary>An execution is about to begin: kept before anything of it runs.</summary>
public sealed class ExecutionStartedEvent : ExecutionAuditEvent
{
    /// <summary>Gets how many blocks were given.</summary>
    public required int BlockCount { get; init; }

    /// <summary>Gets the blocks, the first 1,000 of them. Those after one that fails do not run.</summary>
    public IReadOnlyList<AuditedBlock> Blocks { get; init; } = [];
}

/// <summary>A block that is to run.</summary>
public sealed class AuditedBlock
{
    /// <summary>Gets the language's canonical name, or the name as given, cut at 100 letters, when it is unknown.</summary>
    public required string Language { get; init; }

    /// <summary>Gets the SHA-256 of the code as UTF-8, in lower-case hexadecimal digits.</summary>
    public required string CodeSha256 { get; init; }

    /// <summary>Gets the bytes of the code as UTF-8.</summary>
    public required long CodeBytes { get; init; }

    /// <summary>Gets the code, where it was asked for; an ellipsis ends what was cut.</summary>
    public string? Code { get; init; }
}

/// <summary>A call of a host function has ended.</summary>
public sealed class FunctionCallAuditEvent : ExecutionAuditEvent
{
    /// <summary>Gets the block's place in the list that was given, from 0.</summary>
    public required int Block { get; init; }

    /// <summary>Gets the function's name, as guest code gave it, cut at 200 letters.</summary>
    public required string Function { get; init; }

    /// <summary>Gets the time from the arrival of the call to its result, an approval included.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Gets why there is no result, such as <c>failed</c> or <c>not-approved</c>; null when there is one.</summary>
    public string? Error { get; init; }

    /// <summary>Gets the arguments as guest code sent them, where they were asked for; an ellipsis ends what was cut.</summary>
    public string? Arguments { get; init; }
}

/// <summary>The egress proxy decided about a connection or a request of guest code, or a connection ended.</summary>
/// <remarks>It holds no path, no query, no header and no body.</remarks>
public sealed class EgressAuditEvent : ExecutionAuditEvent
{
    /// <summary>Gets the block's place in the list that was given, from 0.</summary>
    public required int Block { get; init; }

    /// <summary>Gets what happened.</summary>
    public required EgressEventKind Kind { get; init; }

    /// <summary>Gets the number of the connection, from 1 in each sandbox.</summary>
    public required long Connection { get; init; }

    /// <summary>Gets the host that was asked for.</summary>
    public required string Host { get; init; }

    /// <summary>Gets the port; 0 where none could be read.</summary>
    public required int Port { get; init; }

    /// <summary>Gets the method of an HTTP request that the proxy could see, cut at 100 letters; else null.</summary>
    public string? Method { get; init; }

    /// <summary>Gets the rule that allowed it, or null.</summary>
    public string? Rule { get; init; }

    /// <summary>Gets why it was refused or ended early, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets the names of the secrets that were put into the request; null: none.</summary>
    public IReadOnlyList<string>? Secrets { get; init; }

    /// <summary>Gets how many bytes guest code sent; known when the connection is closed.</summary>
    public long BytesSent { get; init; }

    /// <summary>Gets how many bytes guest code received; known when the connection is closed.</summary>
    public long BytesReceived { get; init; }
}

/// <summary>A block has ended, or was refused.</summary>
public sealed class BlockCompletedEvent : ExecutionAuditEvent
{
    /// <summary>Gets the block's place in the list that was given, from 0.</summary>
    public required int Block { get; init; }

    /// <summary>Gets the language's canonical name, or the name as given, cut at 100 letters, when it is unknown.</summary>
    public required string Language { get; init; }

    /// <summary>Gets the SHA-256 of the code as UTF-8, in lower-case hexadecimal digits.</summary>
    public required string CodeSha256 { get; init; }

    /// <summary>Gets the exit code.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Gets why it ended; <see cref="TerminationReason.Denied"/> when it was not approved and did not run.</summary>
    public required TerminationReason Termination { get; init; }

    /// <summary>Gets the time from saving the code to the end.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Gets the bytes of its output as UTF-8, with those that were dropped.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Gets the beginning of the output that was kept, where it was asked for; an ellipsis ends what was cut.</summary>
    public string? Output { get; init; }

    /// <summary>Gets how many files it made or changed.</summary>
    public int FileCount { get; init; }

    /// <summary>Gets those files, the first 100 of them; null: none.</summary>
    public IReadOnlyList<AuditedFile>? Files { get; init; }

    /// <summary>Gets how many files it deleted, or gave another name.</summary>
    public int DeletedFileCount { get; init; }

    /// <summary>Gets the paths of those files, the first 100 of them; null: none.</summary>
    public IReadOnlyList<string>? DeletedFiles { get; init; }
}

/// <summary>A file that a block made or changed.</summary>
public sealed class AuditedFile
{
    /// <summary>Gets the path, relative to the work directory, cut at 1,000 letters.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the size in bytes.</summary>
    public required long Size { get; init; }
}

/// <summary>An execution has ended: nothing of it runs any more.</summary>
public sealed class ExecutionEndedEvent : ExecutionAuditEvent
{
    /// <summary>Gets how it ended.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>Gets the exit code of the last block that ended; null when none did.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Gets how many blocks ended, refused ones included.</summary>
    public required int BlocksEnded { get; init; }

    /// <summary>Gets the time since the execution began.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Gets the <see cref="CodeExecutionException.Code"/> or the class of what went wrong; null when nothing did. Messages are not
    /// kept: they could hold what must not be.</summary>
    public string? Error { get; init; }
}

/// <summary>How an execution ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AuditOutcome>))]
public enum AuditOutcome
{
    /// <summary>There is a result, whatever its exit code.</summary>
    Completed,

    /// <summary>There is an error and no result.</summary>
    Failed,

    /// <summary>The caller cancelled it.</summary>
    Cancelled,

    /// <summary>The caller stopped reading updates, which ends the code.</summary>
    Abandoned,
}
