using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>Names, links and depths that a guest makes to mislead, seen through all files of a sandbox.</summary>
public abstract class FileTreeConformance(FilesFixture fixture) : FilesTest(fixture)
{
    /// <summary>A folder in a folder, and so on: far deeper than any path can say.</summary>
    private const string MakeDeep = """
        for i in range(3000):
            os.mkdir('deeper-and-deeper')
            os.chdir('deeper-and-deeper')
        open('bottom', 'w').close()
        """;

    [Fact]
    public async Task Any_name_can_be_used()
    {
        string[] names = ["new\nline", "quote'\"`$(x)\\", "caf\\xE9", "\\x5Cx80", "\\x41", "\u202Eright", "tab\t", " ", "-rf", "\u00e9\ud83d\ude00", "...", "~"];
        foreach (string name in names)
        {
            await WriteAsync($"{name}/{name}", name, new() { MakesFolders = true });
            Assert.Equal(name, await ReadAsync($"{name}/{name}"));
            Assert.Equal(In(name), (await Files.GetAsync(In(name), cancellationToken: Ct))!.Path);
        }

        Assert.Equal(names.SelectMany(n => new[] { n, $"{n}/{n}" }).Order(StringComparer.Ordinal), await NamesAsync());
        Assert.Equal("b'caf\\xe9'\n", await PythonAsync("print(*[n for n in os.listdir(b'.') if n.startswith(b'caf')])"));
        await Files.MoveAsync(In("caf\\xE9"), In("\\xFF"), cancellationToken: Ct);
        await PythonAsync("os.symlink(b'\\xff', 'link')");
        Assert.Equal("\\xFF", (await Files.GetAsync(In("link"), followsLinks: false, Ct))!.LinkTarget);
        foreach (string name in names.Except(["caf\\xE9"]).Append("\\xFF"))
        {
            Assert.True(await Files.DeleteAsync(In(name), isRecursive: true, Ct));
        }

        Assert.Equal(["link"], await NamesAsync());
    }

    [Fact]
    public async Task A_tree_deeper_than_a_path_can_say_is_listed_in_part_and_deleted()
    {
        await PythonAsync("os.mkdir('top'); os.chdir('top'); os.mkdir('beside'); open('beside/x', 'w').close()\n" + MakeDeep);
        SandboxFileListing listing = await Files.ListAsync(Folder, SandboxFileListing.MaxDepth, Ct);
        Assert.Equal(SandboxFileListing.MaxDepth + 2, listing.Files.Count);
        Assert.True(await Files.DeleteAsync(In("top"), isRecursive: true, Ct));
        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task Long_paths_do_not_fill_the_host()
    {
        await PythonAsync("""
            for i in range(60):
                os.mkdir('n' * 250)
                os.chdir('n' * 250)
            for i in range(2000):
                open('%d' % i, 'w').close()
            """);
        SandboxFileListing listing = await Files.ListAsync(Folder, SandboxFileListing.MaxDepth, Ct);
        Assert.False(listing.IsComplete);
        Assert.InRange(listing.Files.Sum(f => f.Path.Length - Folder.Length - 1), 15 << 20, 16 << 20);
    }

    [Fact]
    public async Task A_delete_takes_links_away_and_not_what_they_lead_to()
    {
        await BashAsync("mkdir -p kept/in tree/a/b; touch kept/file; ln -s ../kept tree/1; ln -s ../../kept tree/a/2; ln -s /etc tree/a/b/3; ln -s ../kept/file tree/4; ln -s kept link");
        Assert.True(await Files.DeleteAsync(In("link"), isRecursive: true, Ct));
        Assert.True(await Files.DeleteAsync(In("tree"), isRecursive: true, Ct));
        Assert.Equal(["kept", "kept/file", "kept/in"], await NamesAsync());
        Assert.NotEmpty((await Files.ListAsync("/etc", cancellationToken: Ct)).Files);
    }

    [Fact]
    public async Task A_delete_goes_on_where_something_stays_and_says_why()
    {
        await BashAsync("mkdir -p tree/1 tree/2/locked tree/3 tree/4/closed; touch tree/1/x tree/2/locked/x tree/3/x; chmod 500 tree/2/locked; chmod 000 tree/4/closed");
        if (await BashAsync("id -u") != "0\n")
        {
            await FailsAsync("permission-denied", () => Files.DeleteAsync(In("tree"), isRecursive: true, Ct));
            Assert.Equal(["tree", "tree/2", "tree/2/locked", "tree/2/locked/x"], await NamesAsync());
            await Files.SetPermissionsAsync(In("tree/2/locked"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, Ct);
        }

        Assert.True(await Files.DeleteAsync(In("tree"), isRecursive: true, Ct));
        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task A_folder_that_becomes_a_link_while_it_is_used_leads_nowhere()
    {
        // While the guest exchanges a folder with a link to another one, as fast as it can, trees are listed and deleted.
        await BashAsync("mkdir -p kept/x; touch kept/file kept/x/file");
        await using Exchange exchange = await Exchange.StartAsync(Sandbox, Folder);
        for (int i = 0; i < 25; i++)
        {
            SandboxFileListing listing = await Files.ListAsync(Folder, 8, Ct);
            Assert.DoesNotContain(listing.Files, f => f.Path.StartsWith(In("tree/"), StringComparison.Ordinal) && f.Name is ("file" or "x"));
            await exchange.MakeAsync();
            try
            {
                await Files.DeleteAsync(In("tree"), isRecursive: true, Ct);
            }
            catch (SandboxFileException)
            {
                // Something came back while it was deleted.
            }
        }

        // The guest itself may have put something there by its link.
        string[] kept = [.. (await Files.ListAsync(In("kept"), 8, Ct)).Files.Select(f => f.Path[(Folder.Length + 6)..])];
        Assert.Equal(["file", "x", "x/file"], kept.Where(name => name is "file" or "x" or "x/file"));
    }

    /// <summary>A process of the guest's that exchanges a folder of a tree with a link out of it.</summary>
    private sealed class Exchange(Talk talk) : IAsyncDisposable
    {
        private const string Program = """
            import ctypes, os, select, sys
            libc = ctypes.CDLL(None)
            print('ready', flush=True)
            made = 0
            while True:
                if select.select([0], [], [], 0)[0]:
                    if not sys.stdin.readline():
                        break
                    for path in ('tree', 'tree/folder', 'tree/folder/in'):
                        try: os.mkdir(path)
                        except OSError: pass
                    for i in range(50):
                        try: open('tree/folder/in/%d' % i, 'w').close()
                        except OSError: pass
                    try: os.symlink('../kept', 'tree/link')
                    except OSError: pass
                    made += 1
                    print('made%d.' % made, flush=True)
                # 2 is RENAME_EXCHANGE; where it is exchanged, "link" is the folder.
                libc.renameat2(-100, b'tree/folder', -100, b'tree/link', 2)
                libc.renameat2(-100, b'tree/folder', -100, b'tree/link', 2)
            """;

        private int _made;

        public static async Task<Exchange> StartAsync(ISandbox sandbox, string folder)
        {
            Talk talk = await Talk.StartAsync(
                sandbox, new(["python3"], ["-c", Program]) { Directory = folder, KeepsInputOpen = true, IsBackground = true });
            await talk.PrintsAsync("ready");
            return new Exchange(talk);
        }

        public async Task MakeAsync()
        {
            await talk.WriteAsync("\n");
            await talk.PrintsAsync($"made{++_made}.");
        }

        public async ValueTask DisposeAsync()
        {
            talk.Process.Kill();
            await talk.EndAsync();
        }
    }
}
