namespace Glovebox;

/// <summary>Tells which files of the work directory were made or changed between two looks at it.</summary>
internal sealed class ProducedFiles(IWorkspace workspace)
{
    private readonly HashSet<string> _codeFiles = new(StringComparer.Ordinal);
    private Dictionary<string, WorkspaceFile> _before = new(StringComparer.Ordinal);

    /// <summary>Remembers what is there now.</summary>
    public async Task RememberAsync(CancellationToken cancellationToken) =>
        _before = Index(await workspace.ListAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Leaves a file out: it holds code that we saved.</summary>
    public void ExceptCodeFile(string? path)
    {
        if (path is not null)
        {
            _codeFiles.Add(path);
        }
    }

    /// <summary>Gives what is new or changed since the last look, sorted by path, and remembers what is there now.</summary>
    public async Task<IReadOnlyList<WorkspaceFile>> TakeAsync(CancellationToken cancellationToken)
    {
        WorkspaceListing listing = await workspace.ListAsync(cancellationToken).ConfigureAwait(false);
        List<WorkspaceFile> produced = [.. listing.Files.Where(f => !_codeFiles.Contains(f.Path) && _before.GetValueOrDefault(f.Path) != f)];
        _before = Index(listing);
        return produced;
    }

    private static Dictionary<string, WorkspaceFile> Index(WorkspaceListing listing)
    {
        Dictionary<string, WorkspaceFile> index = new(listing.Files.Count, StringComparer.Ordinal);
        foreach (WorkspaceFile file in listing.Files)
        {
            index[file.Path] = file;
        }

        return index;
    }
}
