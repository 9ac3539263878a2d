namespace Glovebox;

/// <summary>One thing that happened while code blocks ran. The family is closed: a <c>switch</c> over the records below is
/// complete.</summary>
public abstract record CodeExecutionUpdate
{
    private protected CodeExecutionUpdate(int blockIndex) => BlockIndex = blockIndex;

    /// <summary>The block's place in the list that was given, from 0.</summary>
    public int BlockIndex { get; init; }
}

/// <summary>A block is about to run.</summary>
/// <param name="BlockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="Block">The block, under its language's canonical name where that is known.</param>
public sealed record BlockStartedUpdate(int BlockIndex, CodeBlock Block) : CodeExecutionUpdate(BlockIndex);

/// <summary>A block printed something. All of these of a block since the last <see cref="OutputClearedUpdate"/>, joined, are the block's
/// <see cref="BlockResult.Output"/>.</summary>
/// <param name="BlockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="Stream">Where it was printed.</param>
/// <param name="Text">The text, decoded as UTF-8; never cut within a character.</param>
public sealed record OutputReceivedUpdate(int BlockIndex, OutputStream Stream, string Text) : CodeExecutionUpdate(BlockIndex)
{
    /// <summary>The text as it came, where <see cref="Text"/> had terminal colours taken out (a kernel's traceback); else null.</summary>
    public string? RawText { get; init; }
}

/// <summary>A block took back what it had printed and shown so far (a kernel's <c>clear_output</c>): a screen that shows it is to be
/// wiped.</summary>
/// <param name="BlockIndex">The block's place in the list that was given, from 0.</param>
public sealed record OutputClearedUpdate(int BlockIndex) : CodeExecutionUpdate(BlockIndex);

/// <summary>A block showed something rich: a picture, a table, a formula. One that has the <see cref="DisplayOutput.DisplayId"/> of an
/// earlier one takes its place.</summary>
/// <param name="BlockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="Display">What was shown.</param>
public sealed record DisplayReceivedUpdate(int BlockIndex, DisplayOutput Display) : CodeExecutionUpdate(BlockIndex);

/// <summary>A block called a function of the host, and the call has ended. Reading these slowly slows calls down.</summary>
/// <param name="BlockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="FunctionName">The function's name.</param>
/// <param name="Arguments">The arguments as guest code sent them, JSON as a rule: their first <see cref="MaxArgumentText"/> bytes, and an
/// ellipsis when there were more.</param>
/// <param name="Duration">From the arrival of the call to its result, with the time that an approval took.</param>
/// <param name="ErrorCode">Null when there is a result; else why there is none, in a word, such as <c>failed</c> or
/// <c>not-approved</c>.</param>
public sealed record FunctionCalledUpdate(
    int BlockIndex, string FunctionName, string Arguments, TimeSpan Duration, string? ErrorCode) : CodeExecutionUpdate(BlockIndex)
{
    /// <summary>How many bytes of the arguments are shown: 4,096.</summary>
    public const int MaxArgumentText = 4096;
}

/// <summary>A block made or changed a file of the work directory.</summary>
/// <param name="BlockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="File">The file as it was when the block had ended.</param>
public sealed record FileProducedUpdate(int BlockIndex, WorkspaceFile File) : CodeExecutionUpdate(BlockIndex);

/// <summary>A block has ended.</summary>
/// <param name="BlockIndex">The block's place in the list that was given, from 0.</param>
/// <param name="Result">How it ended.</param>
public sealed record BlockCompletedUpdate(int BlockIndex, BlockResult Result) : CodeExecutionUpdate(BlockIndex);

/// <summary>The two output streams of a program.</summary>
public enum OutputStream
{
    /// <summary>Standard output.</summary>
    StandardOutput,

    /// <summary>Standard error.</summary>
    StandardError,
}

/// <summary>Something rich that a block showed, in one or more forms.</summary>
/// <param name="Data">The same thing in each form, by MIME type. Text is UTF-8; pictures are decoded bytes.</param>
public sealed record DisplayOutput(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Data)
{
    /// <summary>A name by which the program may change this display later, or null.</summary>
    public string? DisplayId { get; init; }

    /// <summary>The file in which the display was saved, by MIME type; empty when none was.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();
}
