using Glovebox.Execution;

namespace Glovebox;

/// <summary>The result of a list of code blocks.</summary>
/// <param name="blocks">The blocks that ran, in order.</param>
public sealed class CodeResult(IReadOnlyList<BlockResult> blocks)
{
    /// <summary>How many characters the text for a model has at most, where no option says otherwise: 16,000.</summary>
    public const int DefaultMaxTextLength = ModelText.DefaultLength;

    /// <summary>The least that the text for a model can be bounded to: 1,000 characters.</summary>
    public const int MinMaxTextLength = ModelText.LeastLength;

    /// <summary>Gets the blocks that ran, in order, to the first that failed.</summary>
    public IReadOnlyList<BlockResult> Blocks { get; } = blocks ?? throw new ArgumentNullException(nameof(blocks));

    /// <summary>Gets the exit code of the last block that ran: 0 when all succeeded.</summary>
    public int ExitCode => Blocks.Count == 0 ? 0 : Blocks[^1].ExitCode;

    /// <summary>Gets standard output and standard error of all blocks, in order of arrival.</summary>
    public string Output => string.Concat(Blocks.Select(b => b.Output));

    /// <summary>Gets standard output of all blocks.</summary>
    public string StandardOutput => string.Concat(Blocks.Select(b => b.StandardOutput));

    /// <summary>Gets standard error of all blocks.</summary>
    public string StandardError => string.Concat(Blocks.Select(b => b.StandardError));

    /// <summary>Gets the first code file that was written, relative to the work directory, or null.</summary>
    public string? CodeFile => Blocks.Select(b => b.CodeFile).FirstOrDefault(f => f is not null);

    /// <summary>Gets the files that the blocks made or changed, each once, as they were last seen, without those that a later block
    /// deleted.</summary>
    public IReadOnlyList<WorkspaceFile> OutputFiles => FilesAtTheEnd();

    /// <summary>Gets whether <see cref="OutputFiles"/> are all, see <see cref="BlockResult.AreOutputFilesComplete"/>.</summary>
    public bool AreOutputFilesComplete => Blocks.All(b => b.AreOutputFilesComplete);

    /// <summary>Gets the exit code, the output, a note on what was cut and the files that were made, as text for a chat message.</summary>
    /// <remarks>Control sequences of terminals are taken out, a line that was written again and again after carriage returns (a progress
    /// bar) is shown as it was last, and control characters in the names of files are escaped. Output that is too long keeps its
    /// beginning and its end, with a line between them that says how many characters are left out; no character is cut in half.</remarks>
    /// <param name="maxLength">The most characters (UTF-16 units) of the whole text. The default is
    /// <see cref="DefaultMaxTextLength"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than <see cref="MinMaxTextLength"/>.</exception>
    public string FormatForModel(int maxLength = DefaultMaxTextLength) => FormatForModel(maxLength, []);

    /// <inheritdoc cref="FormatForModel(int)"/>
    internal string FormatForModel(int maxLength, IReadOnlyList<string> notes)
    {
        ModelText.Checked(maxLength, nameof(maxLength));
        return ModelText.Of(this, maxLength, notes);
    }

    private WorkspaceFile[] FilesAtTheEnd()
    {
        OrderedDictionary<string, WorkspaceFile> files = new(StringComparer.Ordinal);
        HashSet<string> deleted = new(StringComparer.Ordinal);
        foreach (BlockResult block in Blocks)
        {
            deleted.UnionWith(block.DeletedFiles);
            foreach (WorkspaceFile file in block.OutputFiles)
            {
                deleted.Remove(file.Path);
                files[file.Path] = file;
            }
        }

        return [.. files.Values.Where(f => !deleted.Contains(f.Path))];
    }
}
