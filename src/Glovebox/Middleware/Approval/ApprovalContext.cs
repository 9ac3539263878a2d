namespace Glovebox;

/// <summary>What is known when a block is about to be approved or denied.</summary>
/// <param name="Blocks">All blocks of the execution. Those before <paramref name="BlockIndex"/> have run; those after it are asked for in
/// their turn.</param>
/// <param name="BlockIndex">The place of the block that is asked for, from 0.</param>
public sealed record ApprovalContext(IReadOnlyList<CodeBlock> Blocks, int BlockIndex)
{
    /// <summary>The block that is asked for.</summary>
    public CodeBlock Block => Blocks[BlockIndex];
}
