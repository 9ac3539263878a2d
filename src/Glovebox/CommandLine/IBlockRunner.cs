namespace Glovebox;

/// <summary>Runs one code block: as a process of its own, or as a cell of a kernel.</summary>
internal interface IBlockRunner
{
    /// <summary>The languages of blocks. May change when the environment is started.</summary>
    LanguageRegistry Languages { get; }

    /// <summary>Runs a block. Ends <paramref name="output"/> in every case.</summary>
    /// <param name="block">The block.</param>
    /// <param name="files">The look at the files before the program, which it waits for, and a place to put one taken at its end. Null: no look.</param>
    /// <param name="output">Gets what it prints and shows.</param>
    /// <param name="kill">Ends the block; the caller decides what that means.</param>
    Task<BlockResult> RunAsync(CodeBlock block, ProducedFiles? files, OutputCollector output, CancellationToken kill);
}
