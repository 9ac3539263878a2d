namespace Glovebox.Execution;

/// <summary>Tells which files of the work directory were made or changed between two looks at it.</summary>
/// <param name="workspace">Gives the work directory; a sandbox that was started again has another.</param>
internal sealed class ProducedFiles(Func<IWorkspace> workspace)
{
    private readonly HashSet<string> _codeFiles = new(StringComparer.Ordinal);
    private Task<WorkspaceListing>? _before;
    private Func<CancellationToken, Task<WorkspaceListing>>? _after;

    /// <summary>Completes when nothing that happens later is seen any more by the look that <see cref="Begin"/> has begun.</summary>
    public Task Remembered => _before ?? Task.CompletedTask;

    /// <summary>A block begins. For the first one a look begins at what is there: a sandbox that is far away takes it while the code
    /// is saved. A look that was offered and not taken is dropped: the sandbox ended after it.</summary>
    public void Begin(CancellationToken cancellationToken)
    {
        _before ??= LookAsync(cancellationToken);
        _after = null;
    }

    /// <summary>Uses a listing that the sandbox took; the next <see cref="TakeAsync"/> uses it.</summary>
    public void Offer(Func<CancellationToken, Task<WorkspaceListing>>? look) => _after = look;

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
        Dictionary<string, WorkspaceFile> before = new(StringComparer.Ordinal);
        foreach (WorkspaceFile file in (await _before!.ConfigureAwait(false)).Files)
        {
            before[file.Path] = file;
        }

        _before = (_after ?? LookAsync)(cancellationToken);
        _after = null;
        WorkspaceListing listing = await _before.ConfigureAwait(false);
        return [.. listing.Files.Where(f => !_codeFiles.Contains(f.Path) && !f.IsSame(before.GetValueOrDefault(f.Path)))];
    }

    private async Task<WorkspaceListing> LookAsync(CancellationToken cancellationToken) =>
        await workspace().ListAsync(cancellationToken).ConfigureAwait(false);
}
