namespace Glovebox.Middleware;

/// <summary>What is known when a block is about to be approved or denied.</summary>
/// <param name="Blocks">All blocks of the execution, each under its language's canonical name where that is known. Those before
/// <paramref name="BlockIndex"/> have run; those after it are asked for in their turn.</param>
/// <param name="BlockIndex">The place of the block that is asked for, from 0.</param>
public sealed record ApprovalContext(IReadOnlyList<CodeBlock> Blocks, int BlockIndex)
{
    /// <summary>The block that is asked for, as it will run: its language has its canonical name.</summary>
    public CodeBlock Block => Blocks[BlockIndex];

    /// <summary>The canonical name of the language: <c>python</c>, however the model spelled it.</summary>
    public string Language => Block.Language;

    /// <summary>The language as the model spelled it. For the eye only: a rule that compares it is passed by another spelling. May hold any
    /// character.</summary>
    public string GivenLanguage { get => field ?? Block.Language; init; }

    /// <summary>The names of the program that will run the block, in order of preference: the first that exists in the sandbox does. Empty
    /// where a living interpreter runs it, such as a Jupyter kernel.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];
}
