using System.Text.Json.Serialization;
using Glovebox.Egress;

namespace Glovebox;

/// <summary>Something that happened while code blocks ran. The classes below are all that there are.</summary>
/// <remarks>Updates can be written as JSON and read back, see <see cref="CodeExecutionJson"/>: the property <c>type</c> says which it
/// is.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BlockStartedUpdate), "block-started")]
[JsonDerivedType(typeof(OutputReceivedUpdate), "output")]
[JsonDerivedType(typeof(OutputClearedUpdate), "output-cleared")]
[JsonDerivedType(typeof(DisplayReceivedUpdate), "display")]
[JsonDerivedType(typeof(FunctionCalledUpdate), "function-called")]
[JsonDerivedType(typeof(EgressUpdate), "egress")]
[JsonDerivedType(typeof(FileProducedUpdate), "file")]
[JsonDerivedType(typeof(BlockCompletedUpdate), "block-completed")]
public abstract class CodeExecutionUpdate
{
    private protected CodeExecutionUpdate(int blockIndex) => BlockIndex = blockIndex;

    /// <summary>Gets the block's place in the list that was given, from 0.</summary>
    public int BlockIndex { get; private set; }

    /// <summary>Gets the same update for a block at another place.</summary>
    internal CodeExecutionUpdate At(int blockIndex)
    {
        CodeExecutionUpdate copy = (CodeExecutionUpdate)MemberwiseClone();
        copy.BlockIndex = blockIndex;
        return copy;
    }
}

/// <summary>A block is about to run.</summary>
/// <param name="blockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="block">The block, under its language's canonical name where that is known.</param>
public sealed class BlockStartedUpdate(int blockIndex, CodeBlock block) : CodeExecutionUpdate(blockIndex)
{
    /// <summary>Gets the block, under its language's canonical name where that is known.</summary>
    public CodeBlock Block => block;
}

/// <summary>A block printed something. Joined, these updates of a block since its last <see cref="OutputClearedUpdate"/> are its
/// <see cref="BlockResult.Output"/>, or with <see cref="CommandLineCodeExecutorOptions.StreamsWholeOutput"/> all that it printed.</summary>
/// <param name="blockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="stream">Where it was printed.</param>
/// <param name="text">The text.</param>
public sealed class OutputReceivedUpdate(int blockIndex, OutputStream stream, string text) : CodeExecutionUpdate(blockIndex)
{
    /// <summary>Gets where it was printed.</summary>
    public OutputStream Stream => stream;

    /// <summary>Gets the text, decoded as UTF-8 and never cut within a character.</summary>
    public string Text => text;

    /// <summary>Gets the text with the terminal colours that <see cref="Text"/> leaves out (a kernel's traceback); else null.</summary>
    public string? RawText { get; init; }

    /// <summary>Gets how many bytes of the stream were dropped at this place, where <see cref="Text"/> is the mark that says so; else
    /// 0.</summary>
    public long DroppedBytes { get; init; }
}

/// <summary>A block took back what it had printed and shown so far (a kernel's <c>clear_output</c>).</summary>
/// <param name="blockIndex">The block's place in the list that was given, from 0.</param>
public sealed class OutputClearedUpdate(int blockIndex) : CodeExecutionUpdate(blockIndex);

/// <summary>A block displayed a picture, a table, a formula. It replaces an earlier one with the same
/// <see cref="DisplayOutput.DisplayId"/>.</summary>
/// <param name="blockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="display">What was displayed.</param>
public sealed class DisplayReceivedUpdate(int blockIndex, DisplayOutput display) : CodeExecutionUpdate(blockIndex)
{
    /// <summary>Gets what was displayed.</summary>
    public DisplayOutput Display => display;
}

/// <summary>A call of a host function has ended. Reading these slowly slows calls down.</summary>
public sealed class FunctionCalledUpdate : CodeExecutionUpdate
{
    /// <summary>How many bytes of the arguments are shown: 4,096.</summary>
    public const int MaxArgumentText = 4096;

    [JsonConstructor]
    internal FunctionCalledUpdate(int blockIndex, string functionName, string arguments, TimeSpan duration, string? errorCode)
        : base(blockIndex)
    {
        FunctionName = functionName;
        Arguments = arguments;
        Duration = duration;
        ErrorCode = errorCode;
    }

    /// <summary>Gets the function's name.</summary>
    public string FunctionName { get; }

    /// <summary>Gets the arguments as guest code sent them, mostly JSON: their first <see cref="MaxArgumentText"/> bytes, and an ellipsis
    /// when there were more.</summary>
    public string Arguments { get; }

    /// <summary>Gets the time from the arrival of the call to its result, an approval included.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Gets why there is no result, such as <c>failed</c> or <c>not-approved</c>; null when there is one.</summary>
    public string? ErrorCode { get; }
}

/// <summary>The egress proxy decided about a connection or a request, or a connection ended, while the block ran.</summary>
/// <param name="blockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="event">What happened.</param>
public sealed class EgressUpdate(int blockIndex, EgressEvent @event) : CodeExecutionUpdate(blockIndex)
{
    /// <summary>Gets what happened.</summary>
    public EgressEvent Event => @event;
}

/// <summary>A block made or changed a file of the work directory.</summary>
/// <param name="blockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="file">The file as it was when the block had ended.</param>
public sealed class FileProducedUpdate(int blockIndex, WorkspaceFile file) : CodeExecutionUpdate(blockIndex)
{
    /// <summary>Gets the file as it was when the block had ended.</summary>
    public WorkspaceFile File => file;
}

/// <summary>A block has ended.</summary>
/// <param name="blockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="result">How it ended.</param>
public sealed class BlockCompletedUpdate(int blockIndex, BlockResult result) : CodeExecutionUpdate(blockIndex)
{
    /// <summary>Gets how it ended.</summary>
    public BlockResult Result => result;
}

/// <summary>The two output streams of a program.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OutputStream>))]
public enum OutputStream
{
    /// <summary>Standard output.</summary>
    StandardOutput,

    /// <summary>Standard error.</summary>
    StandardError,
}

/// <summary>Something that a block displayed, in one or more forms.</summary>
/// <param name="data">The same thing in each form, by MIME type.</param>
public sealed class DisplayOutput(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> data)
{
    /// <summary>Gets the same thing in each form, by MIME type. Text is UTF-8; pictures are decoded bytes.</summary>
    /// <remarks>In JSON, text is a string and all else is base64.</remarks>
    [JsonConverter(typeof(DisplayDataConverter))]
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Data => data;

    /// <summary>Gets the name by which the program may change this display later, or null.</summary>
    public string? DisplayId { get; init; }

    /// <summary>Gets the file in which the display was saved, by MIME type; empty when it was not saved.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();
}
