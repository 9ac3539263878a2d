namespace Glovebox;

/// <summary>Runs one code block: as a process of its own, or as a cell of a kernel.</summary>
internal interface IBlockRunner
{
    /// <summary>Runs a block. Ends <paramref name="output"/> in every case.</summary>
    /// <param name="block">The block.</param>
    /// <param name="before">Has to be done before the program starts; what comes earlier need not wait for it.</param>
    /// <param name="output">Gets what it prints and shows.</param>
    /// <param name="kill">Ends the block; the caller decides what that means.</param>
    Task<BlockResult> RunAsync(CodeBlock block, Task before, OutputCollector output, CancellationToken kill);
}
