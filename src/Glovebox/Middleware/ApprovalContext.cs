namespace Glovebox.Middleware;

/// <summary>A block that is to be approved or denied.</summary>
public sealed class ApprovalContext
{
    internal ApprovalContext(IReadOnlyList<CodeBlock> blocks, int blockIndex, string givenLanguage, IReadOnlyList<string> programs)
    {
        Blocks = blocks;
        BlockIndex = blockIndex;
        GivenLanguage = givenLanguage;
        Programs = programs;
    }

    /// <summary>Gets all blocks of the execution, each under its language's canonical name where that is known. Those before
    /// <see cref="BlockIndex"/> have run; those after it are asked for in their turn.</summary>
    public IReadOnlyList<CodeBlock> Blocks { get; }

    /// <summary>Gets the place of the block that is asked for, from 0.</summary>
    public int BlockIndex { get; }

    /// <summary>Gets the block that is asked for, as it will run: its language has its canonical name.</summary>
    public CodeBlock Block => Blocks[BlockIndex];

    /// <summary>Gets the canonical name of the language: <c>python</c>, however the model spelled it.</summary>
    public string Language => Block.Language;

    /// <summary>Gets the language as the model spelled it, to be shown and not compared: another spelling would pass. It may hold any
    /// character.</summary>
    public string GivenLanguage { get; }

    /// <summary>Gets the names of the program that will run the block, in order of preference: the first that exists in the sandbox does.
    /// Empty where a living interpreter runs it, such as a Jupyter kernel.</summary>
    public IReadOnlyList<string> Programs { get; }

    /// <summary>Gets the options of the execution: the arguments, variables and standard input that the block's program gets.</summary>
    public CodeExecutionOptions Options { get; internal init; } = CodeExecutionOptions.Default;
}
