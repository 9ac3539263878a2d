using System.Text.Json;
using System.Text.Json.Serialization;
using Glovebox.Server.Functions;

namespace Glovebox.Server.Native;

// Setters, not init: what a body leaves out keeps its default, and the source generator loses that of init.

/// <summary>Begins a session. Times are in seconds, sizes in bytes.</summary>
internal record SessionBody
{
    public string? Template { get; set; }

    public Dictionary<string, string> Metadata { get; set; } = [];

    public Dictionary<string, string> Environment { get; set; } = [];

    public double? IdleTimeout { get; set; }

    public double? Lifetime { get; set; }

    public double? Timeout { get; set; }

    public long? Memory { get; set; }

    public double? Cpus { get; set; }

    public int? MaxProcesses { get; set; }

    public long? DiskSpace { get; set; }

    public string? Network { get; set; }

    public List<string> AllowedDomains { get; set; } = [];

    public List<SecretBody> Secrets { get; set; } = [];

    public List<string> Packages { get; set; } = [];

    public List<FunctionBody> Functions { get; set; } = [];

    /// <summary>How long a call of a function waits for the client's answer.</summary>
    public double? CallTimeout { get; set; }

    public CallbackBody? Callback { get; set; }
}

internal sealed record SecretBody
{
    public required string Name { get; set; }

    public required string Value { get; set; }

    public required List<string> Domains { get; set; }

    public string? Header { get; set; }

    public string? QueryParameter { get; set; }
}

/// <summary>A session as clients see it.</summary>
internal sealed record SessionAnswer(
    string Id,
    string Template,
    IReadOnlyDictionary<string, string> Metadata,
    DateTimeOffset Began,
    DateTimeOffset? Ends);

internal sealed record SessionList(IReadOnlyList<SessionAnswer> Sessions, string? Next);

internal sealed record SessionDetails(SessionAnswer Session, string Kind, string WorkDirectory, IReadOnlyList<ControlAnswer> Controls);

internal sealed record ControlAnswer(string Name, string Level, string Mechanism);

internal sealed record LifetimeBody
{
    public required double Lifetime { get; set; }
}

/// <summary>Runs code: one of <c>code</c>, <c>blocks</c> and <c>reply</c>.</summary>
internal record ExecuteBody
{
    public string? Code { get; set; }

    public string? Language { get; set; }

    public List<CodeBlock>? Blocks { get; set; }

    public string? Reply { get; set; }

    public string? Context { get; set; }

    public double? Timeout { get; set; }

    public List<string> Arguments { get; set; } = [];

    public Dictionary<string, string> Environment { get; set; } = [];

    public string? StandardInput { get; set; }
}

/// <summary>Runs code in a session of its own that ends with it.</summary>
internal sealed record RunBody : ExecuteBody
{
    public SessionBody Session { get; set; } = new();
}

internal sealed record ContextBody
{
    public string? Name { get; set; }

    public string Language { get; set; } = "python";

    public string? Directory { get; set; }

    public Dictionary<string, string> Environment { get; set; } = [];
}

internal sealed record ContextAnswer(string Name, string Language, int BlockCount);

internal sealed record ContextList(IReadOnlyList<ContextAnswer> Contexts);

internal sealed record InterruptAnswer(bool Interrupted);

internal sealed record RollBackBody
{
    public int Blocks { get; set; } = 1;
}

internal sealed record BranchBody
{
    public string? Name { get; set; }
}

internal sealed record ProcessBody
{
    public required string Program { get; set; }

    public List<string> Arguments { get; set; } = [];

    public Dictionary<string, string> Environment { get; set; } = [];

    public string? Directory { get; set; }

    public bool Input { get; set; }

    public SizeBody? Terminal { get; set; }
}

internal sealed record SizeBody
{
    public required int Columns { get; set; }

    public required int Rows { get; set; }
}

internal sealed record ProcessAnswer(int Id, string Program, bool HasTerminal, DateTimeOffset StartedAt, ExitAnswer? Exit);

internal sealed record ProcessList(IReadOnlyList<ProcessAnswer> Processes);

internal sealed record ExitAnswer(string Kind, int ExitCode, string? Message);

internal sealed record SignalBody
{
    public required string Signal { get; set; }
}

internal sealed record SignalAnswer(bool Sent);

/// <summary>What a client that is attached to a process sends as text: <c>resize</c>, <c>close-input</c>.</summary>
internal sealed record AttachMessage
{
    public required string Type { get; set; }

    public int Columns { get; set; }

    public int Rows { get; set; }
}

internal sealed record FileAnswer(
    string Path,
    string Name,
    string Kind,
    long Size,
    string Permissions,
    uint UserId,
    uint GroupId,
    DateTimeOffset LastModified,
    string? LinkTarget)
{
    public static FileAnswer Of(SandboxFile file) => new(
        file.Path, file.Name, NativeJson.Lower(file.Kind.ToString()), file.Size, Convert.ToString((int)file.Permissions, 8).PadLeft(4, '0'),
        file.UserId, file.GroupId, file.LastModified, file.LinkTarget);
}

internal sealed record FileList(IReadOnlyList<FileAnswer> Files, bool IsComplete);

internal sealed record WrittenAnswer(IReadOnlyList<string> Paths);

internal sealed record MoveBody
{
    public required string From { get; set; }

    public required string To { get; set; }

    public bool Overwrites { get; set; }
}

internal sealed record PermissionsBody
{
    public required string Permissions { get; set; }
}

internal sealed record FileEventAnswer(string Kind, string Path, string? OldPath, bool IsDirectory, string? Message);

internal sealed record AuditAnswer(long Number, DateTimeOffset Time, string Session, string Kind, JsonElement Event);

internal sealed record AuditList(IReadOnlyList<AuditAnswer> Events, long? Next);

/// <summary>What an unknown member means is not guessed: it is an error.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SessionBody))]
[JsonSerializable(typeof(SessionAnswer))]
[JsonSerializable(typeof(SessionList))]
[JsonSerializable(typeof(SessionDetails))]
[JsonSerializable(typeof(LifetimeBody))]
[JsonSerializable(typeof(ExecuteBody))]
[JsonSerializable(typeof(RunBody))]
[JsonSerializable(typeof(ContextBody))]
[JsonSerializable(typeof(ContextAnswer))]
[JsonSerializable(typeof(ContextList))]
[JsonSerializable(typeof(InterruptAnswer))]
[JsonSerializable(typeof(RollBackBody))]
[JsonSerializable(typeof(BranchBody))]
[JsonSerializable(typeof(ProcessBody))]
[JsonSerializable(typeof(ProcessAnswer))]
[JsonSerializable(typeof(ProcessList))]
[JsonSerializable(typeof(SizeBody))]
[JsonSerializable(typeof(ExitAnswer))]
[JsonSerializable(typeof(SignalBody))]
[JsonSerializable(typeof(SignalAnswer))]
[JsonSerializable(typeof(AttachMessage))]
[JsonSerializable(typeof(FileAnswer))]
[JsonSerializable(typeof(FileList))]
[JsonSerializable(typeof(WrittenAnswer))]
[JsonSerializable(typeof(MoveBody))]
[JsonSerializable(typeof(PermissionsBody))]
[JsonSerializable(typeof(FileEventAnswer))]
[JsonSerializable(typeof(AuditList))]
internal sealed partial class NativeJson : JsonSerializerContext
{
    /// <summary>Names of enums in the API: <c>out-of-memory</c>.</summary>
    public static string Lower(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);
}
