using System.Globalization;
using System.Text;

namespace Glovebox;

/// <summary>The result of a list of code blocks.</summary>
/// <param name="blocks">The blocks that ran, in order.</param>
public sealed class CodeResult(IReadOnlyList<BlockResult> blocks)
{
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
    public string FormatForModel()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"Exit code: {ExitCode}");
        text.Append(Explain(Blocks.Count == 0 ? null : Blocks[^1]));
        text.Append('\n');
        string output = Output;
        if (output.Length == 0)
        {
            text.Append("Output: none. Print what you want to see.\n");
        }
        else
        {
            text.Append("Output:\n").Append(output);
            if (!output.EndsWith('\n'))
            {
                text.Append('\n');
            }
        }

        if (Blocks.Any(b => b.Truncated))
        {
            text.Append("The output was too long; its middle is missing. Print less, or write it to a file.\n");
        }

        if (OutputFiles is { Count: > 0 } files)
        {
            text.Append("Files: ").AppendJoin(", ", files.Select(Describe)).Append('\n');
        }

        if (!AreOutputFilesComplete)
        {
            text.Append("There may be more files: not all of the directory was looked at.\n");
        }

        return text.ToString();
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

    private static string Describe(WorkspaceFile file) => string.Create(
        CultureInfo.InvariantCulture,
        $"{WorkspacePath.Printable(file.Path)} ({file.Size} bytes{(file.HasSetIdBits ? ", set-user-id: do not run it outside" : "")})");

    private static string Explain(BlockResult? last) => last?.Termination switch
    {
        null => "",
        TerminationReason.TimedOut => " (the time ran out; the program was ended)",
        TerminationReason.OutOfMemory => " (out of memory; use less)",
        TerminationReason.Signaled => " (ended by a signal)",
        TerminationReason.SandboxLost => " (the sandbox ended; what ran in the background is gone)",
        TerminationReason.NotStarted => " (the code was not run)",
        TerminationReason.Denied => " (not approved; the code was not run)",
        _ => last.ExitCode == 0 ? "" : " (failed)",
    };
}
