namespace Glovebox;

/// <summary>What every executor asks of the blocks that it is given.</summary>
internal static class CodeBlockList
{
    /// <summary>Checks the blocks and copies their list, which the caller may change while they run.</summary>
    /// <exception cref="ArgumentException">No block was given, or a block is null.</exception>
    public static CodeBlock[] Copy(IReadOnlyList<CodeBlock> codeBlocks)
    {
        ArgumentNullException.ThrowIfNull(codeBlocks);
        CodeBlock[] blocks = [.. codeBlocks];
        if (blocks.Length == 0)
        {
            throw new ArgumentException("There are no code blocks to execute.", nameof(codeBlocks));
        }

        if (blocks.Any(b => b is null || b.Code is null || b.Language is null))
        {
            throw new ArgumentException("A code block, its language or its code is null.", nameof(codeBlocks));
        }

        return blocks;
    }
}
