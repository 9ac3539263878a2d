using System.Text.Json.Serialization;

namespace Glovebox.Interpreters;

/// <summary>What a frame between the host and the supervisor of interpreters is about. Those from inside are hostile.</summary>
internal enum InterpreterFrame : byte
{
    Create = 1,
    Execute = 2,
    Interrupt = 3,
    Kill = 4,
    RollBack = 5,
    Branch = 6,
    Close = 7,
    Processes = 8,
    Hello = 32,
    StandardOutput = 33,
    StandardError = 34,
    Show = 35,
    Clear = 36,
    Done = 37,
    Ended = 38,
    Reply = 39,
    Dropped = 40,
}

/// <summary>The JSON of frames.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SupervisorSettings))]
[JsonSerializable(typeof(CreateOrder))]
[JsonSerializable(typeof(ExecuteOrder))]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(HelloNews))]
[JsonSerializable(typeof(DroppedNews))]
[JsonSerializable(typeof(DoneNews))]
[JsonSerializable(typeof(EndedNews))]
[JsonSerializable(typeof(ReplyNews))]
internal sealed partial class InterpreterJson : JsonSerializerContext;

/// <summary>What the supervisor is told at its start.</summary>
/// <param name="Work">The work directory.</param>
/// <param name="Checkpoints">How many copies of an interpreter are kept.</param>
/// <param name="Largest">The most bytes of an interpreter of which a copy is kept, and of all copies together beyond what they
/// share.</param>
/// <param name="Processes">The most processes of the sandbox.</param>
/// <param name="Preload">Modules that are imported before any context is made.</param>
internal sealed record SupervisorSettings(string Work, int Checkpoints, long Largest, int Processes, IReadOnlyList<string> Preload);

/// <summary>Makes a context.</summary>
internal sealed record CreateOrder(uint Request, bool Shell, string? Directory, IReadOnlyDictionary<string, string>? Variables);

/// <summary>Runs a block.</summary>
/// <param name="Number">How many blocks of the context it makes.</param>
/// <param name="Code">The code.</param>
/// <param name="Arguments">Its arguments; null: none.</param>
/// <param name="Variables">Its variables; null: none.</param>
/// <param name="Input">Its standard input, in base64; null: empty.</param>
internal sealed record ExecuteOrder(
    int Number, string Code, IReadOnlyList<string>? Arguments, IReadOnlyDictionary<string, string>? Variables, byte[]? Input);

/// <summary>Anything else that is asked for.</summary>
internal sealed record Order(uint Request)
{
    /// <summary>How many blocks are rolled back.</summary>
    public int? Blocks { get; init; }

    /// <summary>The number of a branch.</summary>
    public uint? Number { get; init; }
}

/// <summary>The supervisor is there.</summary>
internal sealed record HelloNews(string? Python, string? Failed);

/// <summary>A display was too long for a frame.</summary>
/// <param name="Bytes">How long it was.</param>
internal sealed record DroppedNews(long Bytes);

/// <summary>A block has ended, and its interpreter lives.</summary>
/// <param name="Number">How many blocks of the context have ended.</param>
/// <param name="Code">Its exit code.</param>
/// <param name="Uncovered">How many blocks, this one the last, no copy has.</param>
/// <param name="Lost">What a copy would lack, in words.</param>
internal sealed record DoneNews(int Number, int Code, int Uncovered, IReadOnlyList<string>? Lost);

/// <summary>An interpreter has ended, and the context goes on from before.</summary>
/// <param name="Code">The exit code of its process.</param>
/// <param name="Killed">Whether it was ended because that was asked for.</param>
/// <param name="Block">Whether a block ran.</param>
/// <param name="Clean">Whether all that the block had started has ended.</param>
/// <param name="Undone">How many blocks are undone.</param>
/// <param name="Lost">Not empty: no copy was left, and all is gone.</param>
internal sealed record EndedNews(int Code, bool Killed, bool Block, bool Clean, int Undone, string? Lost);

/// <summary>What came of an order.</summary>
internal sealed record ReplyNews(uint Request, string? Error, IReadOnlyList<ProcessNews>? Processes);

/// <summary>A process that a context has started.</summary>
internal sealed record ProcessNews(int Pid, string? Command, double Seconds);
