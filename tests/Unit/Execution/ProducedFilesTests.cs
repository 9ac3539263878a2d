using Glovebox.Execution;

namespace Glovebox.Tests.Unit.Execution;

/// <summary>Which files a block is told to have made or changed.</summary>
public sealed class ProducedFilesTests
{
    private readonly FakeWorkspace _workspace = new();
    private readonly ProducedFiles _produced;

    public ProducedFilesTests() => _produced = new ProducedFiles(() => _workspace);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_those_that_are_new_or_differ_since_the_last_look()
    {
        _workspace.Set(("there", 1, 0), ("gone", 1, 0), ("longer", 1, 0), ("newer", 1, 0));
        _produced.Begin(Ct);
        await _produced.Remembered;
        _workspace.Set(("there", 1, 0), ("longer", 2, 0), ("newer", 1, 1), ("made", 1, 0));
        Assert.Equal(["longer", "newer", "made"], await TakeAsync());

        _produced.Begin(Ct);
        Assert.Empty(await TakeAsync());
        _produced.Begin(Ct);
        _workspace.Set(("gone", 1, 0));
        Assert.Equal(["gone"], await TakeAsync());
    }

    [Fact]
    public async Task Our_own_code_files_are_left_out()
    {
        _produced.Begin(Ct);
        await _produced.Remembered;
        _produced.ExceptCodeFile("x.py");
        _produced.ExceptCodeFile(null);
        _workspace.Set(("x.py", 1, 0), ("y.py", 1, 0));
        Assert.Equal(["y.py"], await TakeAsync());
    }

    [Fact]
    public async Task A_look_that_somebody_else_took_saves_one()
    {
        _produced.Begin(Ct);
        await _produced.Remembered;
        _produced.Offer(_ => Task.FromResult(FakeWorkspace.Listing(("offered", 1, 0))));
        Assert.Equal(["offered"], await TakeAsync());
        Assert.Equal(1, _workspace.Looks);

        // A look that was offered and not taken is of an environment that is gone.
        _produced.Offer(_ => throw new InvalidOperationException());
        _produced.Begin(Ct);
        Assert.Empty(await TakeAsync());
        Assert.Equal(2, _workspace.Looks);
    }

    [Fact]
    public async Task What_is_gone_is_told_and_a_cut_list_tells_of_nothing_that_is_gone()
    {
        _workspace.Set(("kept", 1, 0), ("gone", 1, 0), ("x.py", 1, 0));
        _produced.Begin(Ct);
        await _produced.Remembered;
        _produced.ExceptCodeFile("x.py");
        _workspace.Set(("kept", 1, 0));
        FileChanges changes = await _produced.TakeAsync(Ct);
        Assert.Equal(["gone"], changes.Deleted);
        Assert.True(changes.AreComplete);

        _produced.Begin(Ct);
        _workspace.SetCut(("new", 1, 0));
        changes = await _produced.TakeAsync(Ct);
        Assert.Equal(["new"], changes.Produced.Select(f => f.Path));
        Assert.Empty(changes.Deleted);
        Assert.False(changes.AreComplete);

        // A look that was cut makes the next answer incomplete, too: what it did not see may have been there.
        _produced.Begin(Ct);
        _workspace.Set(("kept", 1, 0), ("new", 1, 0));
        changes = await _produced.TakeAsync(Ct);
        Assert.Equal(["kept"], changes.Produced.Select(f => f.Path));
        Assert.False(changes.AreComplete);
        _produced.Begin(Ct);
        Assert.True((await _produced.TakeAsync(Ct)).AreComplete);
    }

    private async Task<IEnumerable<string>> TakeAsync() => (await _produced.TakeAsync(Ct)).Produced.Select(f => f.Path);

    private sealed class FakeWorkspace : IWorkspace
    {
        private WorkspaceListing _listing = Listing();

        public int Looks { get; private set; }

        public static WorkspaceListing Listing(params (string Path, long Size, int Second)[] files) =>
            new([.. files.Select(f => new WorkspaceFile(f.Path, f.Size, DateTimeOffset.UnixEpoch.AddSeconds(f.Second)))], isComplete: true);

        public void SetCut(params (string Path, long Size, int Second)[] files) => _listing = new(Listing(files).Files, isComplete: false);

        public void Set(params (string Path, long Size, int Second)[] files) => _listing = Listing(files);

        public Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default)
        {
            Looks++;
            return Task.FromResult(_listing);
        }

        public Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
