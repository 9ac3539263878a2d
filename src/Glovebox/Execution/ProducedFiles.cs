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

    /// <summary>Compares with the last look, and remembers what is there now.</summary>
    public async Task<FileChanges> TakeAsync(CancellationToken cancellationToken)
    {
        WorkspaceListing then = await _before!.ConfigureAwait(false);
        _before = _after is { } taken ? ShownAsync(taken(cancellationToken)) : LookAsync(cancellationToken);
        _after = null;
        WorkspaceListing now = await _before.ConfigureAwait(false);
        Dictionary<string, WorkspaceFile> before = then.Files.ToDictionary(f => f.Path, StringComparer.Ordinal);
        List<WorkspaceFile> produced = [];
        foreach (WorkspaceFile file in now.Files)
        {
            before.Remove(file.Path, out WorkspaceFile? old);
            if (!file.IsSame(old) && !_codeFiles.Contains(file.Path))
            {
                produced.Add(file);
            }
        }

        // What a listing does not name may still be there when it was cut.
        IEnumerable<string> gone = now.IsComplete ? before.Keys.Where(path => !_codeFiles.Contains(path)) : [];
        return new FileChanges(produced, [.. gone.Order(StringComparer.Ordinal)], then.IsComplete && now.IsComplete);
    }

    private async Task<WorkspaceListing> LookAsync(CancellationToken cancellationToken) =>
        await ShownAsync(workspace().ListAsync(cancellationToken)).ConfigureAwait(false);

    private static async Task<WorkspaceListing> ShownAsync(Task<WorkspaceListing> look) =>
        StartedWorkspace.WithoutCode(await look.ConfigureAwait(false));
}

/// <summary>What happened to the files of the work directory between two looks.</summary>
/// <param name="Produced">The new and the changed files, sorted by path.</param>
/// <param name="Deleted">The paths of those that are gone, sorted.</param>
/// <param name="AreComplete">Whether both looks saw every file.</param>
internal sealed record FileChanges(
    IReadOnlyList<WorkspaceFile> Produced, IReadOnlyList<string> Deleted, bool AreComplete);
