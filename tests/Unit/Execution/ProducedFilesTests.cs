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

    private async Task<IEnumerable<string>> TakeAsync() => (await _produced.TakeAsync(Ct)).Select(f => f.Path);

    private sealed class FakeWorkspace : IWorkspace
    {
        private WorkspaceListing _listing = Listing();

        public int Looks { get; private set; }

        public static WorkspaceListing Listing(params (string Path, long Size, int Second)[] files) =>
            new([.. files.Select(f => new WorkspaceFile(f.Path, f.Size, DateTimeOffset.UnixEpoch.AddSeconds(f.Second)))], isComplete: true);

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
