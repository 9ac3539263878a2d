using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>Each operation on all files of a sandbox: what it does, and what it refuses.</summary>
public abstract class FileOperationConformance(FilesFixture fixture) : FilesTest(fixture)
{
    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Script = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupRead;

    [Fact]
    public async Task A_file_a_folder_a_link_and_a_pipe_are_told_apart()
    {
        await BashAsync("echo hello > file; chmod 640 file; mkdir folder; ln -s file link; ln -s nowhere dangling; mkfifo pipe; touch -d @1000000000 file");
        string[] ids = (await BashAsync("stat -c '%u %g' file")).Split();
        SandboxFile file = (await Files.GetAsync(In("file"), cancellationToken: Ct))!;
        Assert.Equal((In("file"), "file", SandboxFileKind.File, 6), (file.Path, file.Name, file.Kind, file.Size));
        Assert.Equal(Plain | UnixFileMode.GroupRead, file.Permissions);
        Assert.Equal((ids[0], ids[1]), ($"{file.UserId}", $"{file.GroupId}"));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_000_000_000), file.LastModified);
        Assert.Equal(SandboxFileKind.Directory, (await Files.GetAsync($"{Name}/./folder//", cancellationToken: Ct))!.Kind);
        Assert.Equal(SandboxFileKind.Other, (await Files.GetAsync(In("pipe"), cancellationToken: Ct))!.Kind);
        SandboxFile followed = (await Files.GetAsync(In("link"), cancellationToken: Ct))!;
        SandboxFile link = (await Files.GetAsync(In("link"), followsLinks: false, Ct))!;
        Assert.Equal((SandboxFileKind.File, 6, null), (followed.Kind, followed.Size, followed.LinkTarget));
        Assert.Equal((SandboxFileKind.Link, "file"), (link.Kind, link.LinkTarget));
        Assert.Null(await Files.GetAsync(In("dangling"), cancellationToken: Ct));
        Assert.NotNull(await Files.GetAsync(In("dangling"), followsLinks: false, Ct));
        Assert.Equal(SandboxFileKind.Directory, (await Files.GetAsync("/", cancellationToken: Ct))!.Kind);
    }

    [Fact]
    public async Task A_list_goes_as_deep_as_asked_and_follows_no_link()
    {
        await BashAsync("mkdir -p a/b/c; touch a/1 a/b/2 a/b/c/3; ln -s /usr a/link; ln -s a shown");
        SandboxFileListing first = await Files.ListAsync(Folder, cancellationToken: Ct);
        Assert.Equal([In("a"), In("shown")], first.Files.Select(f => f.Path));
        Assert.True(first.IsComplete);
        Assert.Equal("a", first.Files[1].LinkTarget);
        Assert.Equal(["1", "b", "b/2", "b/c", "link"], Inside(await Files.ListAsync(In("a"), depth: 2, Ct), In("a")));
        Assert.Equal(["a", "a/1", "a/b", "a/b/2", "a/b/c", "a/b/c/3", "a/link", "shown"], await NamesAsync());

        // The folder itself may be a link.
        Assert.Equal(["1", "b", "link"], Inside(await Files.ListAsync(In("shown"), cancellationToken: Ct), In("shown")));
        await FailsAsync("not-a-directory", () => Files.ListAsync(In("a/1"), cancellationToken: Ct));
        await FailsAsync("file-not-found", () => Files.ListAsync(In("x"), cancellationToken: Ct));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Files.ListAsync(Folder, 0, Ct));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Files.ListAsync(Folder, SandboxFileListing.MaxDepth + 1, Ct));
        static IEnumerable<string> Inside(SandboxFileListing listing, string folder) => listing.Files.Select(f => f.Path[(folder.Length + 1)..]);
    }

    [Fact]
    public async Task A_list_that_is_too_long_says_so()
    {
        await PythonAsync($"[open('%d' % i, 'w').close() for i in range({SandboxFileListing.MaxFiles} + 1)]");
        SandboxFileListing listing = await Files.ListAsync(Folder, cancellationToken: Ct);
        Assert.Equal((SandboxFileListing.MaxFiles, false), (listing.Files.Count, listing.IsComplete));
        Assert.True(await Files.DeleteAsync(In("1"), cancellationToken: Ct));
        Assert.True((await Files.ListAsync(Folder, cancellationToken: Ct)).IsComplete);
    }

    [Fact]
    public async Task A_file_is_written_replaced_and_appended_to()
    {
        await WriteAsync("file", "one");
        Assert.Equal("one", await BashAsync("cat file"));
        await Files.SetPermissionsAsync(In("file"), Script, Ct);
        await WriteAsync("file", "two");
        Assert.Equal(Script, (await Files.GetAsync(In("file"), cancellationToken: Ct))!.Permissions);
        await WriteAsync("file", "three", new() { Permissions = Plain });
        Assert.Equal(Plain, (await Files.GetAsync(In("file"), cancellationToken: Ct))!.Permissions);
        await WriteAsync("file", "+four", new() { Appends = true, Permissions = Script });
        await WriteAsync("new/folder/file", "five", new() { MakesFolders = true });
        await WriteAsync("new/other", "six", new() { Appends = true, MakesFolders = true, Permissions = Script });
        await WriteAsync("empty", "");
        Assert.Equal("three+four|five|six|", await BashAsync("echo \"$(cat file)|$(cat new/folder/file)|$(cat new/other)|$(cat empty)\" | tr -d '\\n'"));
        Assert.Equal(Plain, (await Files.GetAsync(In("file"), cancellationToken: Ct))!.Permissions);
        Assert.Equal(Script, (await Files.GetAsync(In("new/other"), cancellationToken: Ct))!.Permissions);
        Assert.Equal(["empty", "file", "new", "new/folder", "new/folder/file", "new/other"], await NamesAsync());
        await FailsAsync("file-not-found", () => WriteAsync("no/file", "x"));
        await FailsAsync("is-a-directory", () => WriteAsync("new", "x"));
        await FailsAsync("is-a-directory", () => WriteAsync("new", "x", new() { Appends = true }));
        await FailsAsync("not-a-directory", () => WriteAsync("file/x", "x", new() { MakesFolders = true }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => WriteAsync("file", "x", new() { Permissions = (UnixFileMode)0x1000 }));
    }

    [Fact]
    public async Task A_write_goes_through_a_link_to_what_it_leads_to()
    {
        await BashAsync("mkdir in; echo old > in/target; ln -s in/target link; ln -s in/new fresh; ln -s loop loop; ln -s in folder");
        await WriteAsync("link", "new");
        await WriteAsync("fresh", "made");
        await WriteAsync("folder/third", "third");
        Assert.Equal("new made third", await BashAsync("[ -L link ] && [ -L fresh ] && echo $(cat in/target) $(cat in/new) $(cat in/third) | tr -d '\\n'"));
        await FailsAsync("too-many-links", () => WriteAsync("loop", "x"));
        await FailsAsync("too-many-links", () => ReadAsync("loop"));
    }

    [Fact]
    public async Task A_folder_is_made_with_those_that_it_is_in()
    {
        Assert.True(await Files.CreateDirectoryAsync(In("a/b/c"), Ct));
        Assert.False(await Files.CreateDirectoryAsync(In("a/b"), Ct));
        Assert.False(await Files.CreateDirectoryAsync("/", Ct));
        await WriteAsync("file", "x");
        await FailsAsync("file-exists", () => Files.CreateDirectoryAsync(In("file"), Ct));
        await FailsAsync("not-a-directory", () => Files.CreateDirectoryAsync(In("file/x"), Ct));
        Assert.Equal(["a", "a/b", "a/b/c", "file"], await NamesAsync());
    }

    [Fact]
    public async Task A_move_replaces_only_what_it_may()
    {
        await BashAsync("echo 1 > one; echo 2 > two; mkdir folder full; touch full/x; ln -s nowhere link");
        await FailsAsync("file-exists", () => Files.MoveAsync(In("one"), In("two"), cancellationToken: Ct));
        await FailsAsync("file-exists", () => Files.MoveAsync(In("one"), In("link"), cancellationToken: Ct));
        await Files.MoveAsync(In("one"), In("two"), overwrites: true, Ct);
        Assert.Equal("1\n", await ReadAsync("two"));
        await FailsAsync("is-a-directory", () => Files.MoveAsync(In("two"), In("folder"), overwrites: true, Ct));
        await FailsAsync("not-a-directory", () => Files.MoveAsync(In("folder"), In("two"), overwrites: true, Ct));
        await FailsAsync("directory-not-empty", () => Files.MoveAsync(In("folder"), In("full"), overwrites: true, Ct));
        await Files.MoveAsync(In("full"), In("folder"), overwrites: true, Ct);
        await Files.MoveAsync(In("link"), In("folder/link"), cancellationToken: Ct);
        await FailsAsync("file-not-found", () => Files.MoveAsync(In("one"), In("x"), cancellationToken: Ct));
        await FailsAsync("file-not-found", () => Files.MoveAsync(In("two"), In("no/x"), cancellationToken: Ct));
        await FailsAsync("path-refused", () => Files.MoveAsync(Sandbox.WorkDirectory, "/tmp/work", cancellationToken: Ct));
        Assert.Equal(["folder", "folder/link", "folder/x", "two"], await NamesAsync());
    }

    [Fact]
    public async Task Files_and_links_move_to_another_file_system()
    {
        string other = $"/dev/shm/{Name}";
        await BashAsync("echo 1 > one; chmod 700 one; ln -s one link; mkdir folder");
        Assert.True(await Files.CreateDirectoryAsync(other, Ct));
        await Files.MoveAsync(In("one"), $"{other}/one", cancellationToken: Ct);
        await Files.MoveAsync(In("link"), $"{other}/link", cancellationToken: Ct);
        Assert.Equal("700\n1", (await BashAsync($"stat -c %a {other}/one; cat {other}/link")).Trim());
        await WriteAsync("one", "2");
        await FailsAsync("file-exists", () => Files.MoveAsync(In("one"), $"{other}/one", cancellationToken: Ct));
        await Files.MoveAsync(In("one"), $"{other}/one", overwrites: true, Ct);
        await FailsAsync("other-file-system", () => Files.MoveAsync(In("folder"), $"{other}/folder", cancellationToken: Ct));
        Assert.Equal("2", await BashAsync($"cat {other}/one"));
        Assert.Equal(["folder"], await NamesAsync());
        Assert.True(await Files.DeleteAsync(other, isRecursive: true, Ct));
    }

    [Fact]
    public async Task A_folder_is_deleted_with_its_files_only_when_that_is_asked_for()
    {
        await BashAsync("mkdir -p a/b empty; touch a/b/1 file");
        await FailsAsync("directory-not-empty", () => Files.DeleteAsync(In("a"), cancellationToken: Ct));
        Assert.True(await Files.DeleteAsync(In("empty"), cancellationToken: Ct));
        Assert.True(await Files.DeleteAsync(In("file"), isRecursive: true, Ct));
        Assert.False(await Files.DeleteAsync(In("file"), cancellationToken: Ct));
        Assert.False(await Files.DeleteAsync(In("file"), isRecursive: true, Ct));
        Assert.True(await Files.DeleteAsync(In("a"), isRecursive: true, Ct));
        Assert.Empty(await NamesAsync());
        await WriteAsync("kept", "x");
        foreach (string needed in (string[])[".", "/", "..", Sandbox.WorkDirectory, $"{Name}/../"])
        {
            await FailsAsync("path-refused", () => Files.DeleteAsync(needed, isRecursive: true, Ct));
            await FailsAsync("path-refused", () => Files.DeleteAsync(needed, isRecursive: false, Ct));
        }

        Assert.Equal(["kept"], await NamesAsync());
    }

    [Fact]
    public async Task What_no_path_can_be_is_refused_and_nothing_is_lost()
    {
        await WriteAsync("file", "kept");
        string[] bad = ["", "\0", "fi\0le", In("file\0"), new string('n', 256), string.Join('/', Enumerable.Repeat(new string('n', 200), 30))];
        foreach (string path in bad)
        {
            await RefusedAsync(path, () => Files.GetAsync(path, cancellationToken: Ct));
            await RefusedAsync(path, () => Files.ListAsync(path, cancellationToken: Ct));
            await RefusedAsync(path, () => Files.OpenReadAsync(path, cancellationToken: Ct));
            await RefusedAsync(path, () => Files.WriteAsync(path, new MemoryStream([1]), cancellationToken: Ct));
            await RefusedAsync(path, () => Files.CreateDirectoryAsync(path, Ct));
            await RefusedAsync(path, () => Files.MoveAsync(path, In("file"), true, Ct));
            await RefusedAsync(path, () => Files.MoveAsync(In("file"), path, true, Ct));
            await RefusedAsync(path, () => Files.DeleteAsync(path, true, Ct));
            await RefusedAsync(path, () => Files.SetPermissionsAsync(path, Plain, Ct));
            await RefusedAsync(path, async () => await Files.WatchAsync(path, cancellationToken: Ct).GetAsyncEnumerator(Ct).MoveNextAsync());
        }

        Assert.Equal("kept", await ReadAsync("file"));
        Assert.Equal(["file"], await NamesAsync());
        static async Task RefusedAsync(string path, Func<Task> action)
        {
            SandboxFileException error = await Assert.ThrowsAsync<SandboxFileException>(action);
            Assert.Equal(("path-refused", path), (error.Code, error.Path));
            Assert.NotNull(error.Hint);
            Assert.DoesNotContain('\0', error.Message);
        }
    }

    [Fact]
    public async Task What_guest_code_may_not_do_is_refused_with_its_path()
    {
        await BashAsync("mkdir closed; echo x > closed/file; chmod 500 closed; echo x > unreadable; chmod 000 unreadable");
        if (await BashAsync("id -u") == "0\n")
        {
            // On the host as root, nothing is.
            return;
        }

        await FailsAsync("permission-denied", () => ReadAsync("unreadable"));
        await FailsAsync("permission-denied", () => WriteAsync("closed/new", "x"));
        await FailsAsync("permission-denied", () => WriteAsync("unreadable", "x", new() { Appends = true }));
        await FailsAsync("permission-denied", () => Files.DeleteAsync(In("closed/file"), cancellationToken: Ct));
        await FailsAsync("permission-denied", () => Files.DeleteAsync(In("closed"), isRecursive: true, Ct));
        await FailsAsync("permission-denied", () => Files.MoveAsync(In("closed/file"), In("file"), cancellationToken: Ct));
        await FailsAsync("permission-denied", () => Files.CreateDirectoryAsync(In("closed/folder"), Ct));
        SandboxFileException error = await Assert.ThrowsAsync<SandboxFileException>(() => Files.SetPermissionsAsync("/etc", Plain, Ct));
        Assert.Contains("'/etc'", error.Message, StringComparison.Ordinal);
        Assert.True(error.Code is "permission-denied" or "read-only", error.Code);
        await BashAsync("chmod 000 closed");
        SandboxFileListing listing = await Files.ListAsync(Folder, 2, Ct);
        Assert.Equal([In("closed"), In("unreadable")], listing.Files.Select(f => f.Path));
        Assert.False(listing.IsComplete);
        await FailsAsync("permission-denied", () => Files.ListAsync(In("closed"), cancellationToken: Ct));
        await FailsAsync("permission-denied", () => Files.GetAsync(In("closed/file"), cancellationToken: Ct));
    }
}
