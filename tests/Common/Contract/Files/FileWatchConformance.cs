using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>Folders of a sandbox that are watched.</summary>
public abstract class FileWatchConformance(FilesFixture fixture) : FilesTest(fixture)
{
    [Fact]
    public async Task What_happens_to_files_is_told_in_order()
    {
        await using Watched watched = await Watched.StartAsync(Files, Folder);
        await BashAsync(
            "mkdir folder; touch folder/unseen; : > a; echo x >> a; chmod 600 a; mv a b; rm b; rmdir folder 2> /dev/null || true");
        Assert.Equal(
            ["Created folder/", "Created a", "Written a", "Permissions a", "Renamed a -> b", "Removed b"],
            await watched.UntilAsync("Removed b"));
        await BashAsync("mv folder ../away");
        Assert.Equal(["Removed folder/"], await watched.UntilAsync("Removed folder/"));
        await BashAsync("mv ../away back; rm -r back");
        Assert.Equal(["Created back/", "Removed back/"], await watched.UntilAsync("Removed back/"));
    }

    [Fact]
    public async Task Folders_in_the_folder_are_watched_when_that_is_asked_for_new_ones_too()
    {
        await BashAsync("mkdir -p old/in");
        await using Watched watched = await Watched.StartAsync(Files, Folder, isRecursive: true);
        await BashAsync("touch old/in/a; mkdir -p new/x/y; touch new/x/y/b");
        Assert.Equal(
            ["Created new/", "Created new/x/", "Created new/x/y/", "Created new/x/y/b", "Created old/in/a"],
            (await watched.UntilAsync("Created new/x/y/b"))
                .Except(["Permissions old/in/a", "Permissions new/x/y/b"]).Order(StringComparer.Ordinal));

        // What was moved is known by its new name, and what has left is not watched any more.
        await BashAsync("mv new/x moved; touch moved/y/c; mv old ../old-away; touch ../old-away/in/d; rm -r ../old-away; touch end");
        string[] seen = [.. (await watched.UntilAsync("Created end")).Where(e => !e.StartsWith("Permissions", StringComparison.Ordinal))];
        Assert.Contains("Renamed new/x/ -> moved/", seen);
        Assert.Contains("Created moved/y/c", seen);
        Assert.DoesNotContain(seen, e => e.Contains("away", StringComparison.Ordinal));
        if (!seen.Contains("Removed old/"))
        {
            // That the other half of the move does not come is known a moment later.
            await watched.UntilAsync("Removed old/");
        }

        await BashAsync("touch later");
        await watched.UntilAsync("Created later");
    }

    [Fact]
    public async Task A_file_made_while_its_folder_is_new_is_told_of_once()
    {
        await using Watched watched = await Watched.StartAsync(Files, Folder, isRecursive: true);
        await PythonAsync("""
            for i in range(200):
                os.makedirs('%d/in' % i)
                open('%d/in/file' % i, 'w').close()
            open('end', 'w').close()
            """);
        List<string> seen = await watched.UntilAsync("Created end");
        await BashAsync("touch last");
        seen.AddRange(await watched.UntilAsync("Created last"));
        string[] created = [.. seen.Where(e => e.StartsWith("Created", StringComparison.Ordinal))];
        Assert.Equal(created.Distinct(), created);
        Assert.Equal(200, created.Count(e => e.EndsWith("/in/file", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_reader_that_falls_behind_is_told_that_events_are_missing()
    {
        await using Watched watched = await Watched.StartAsync(Files, Folder, reads: false);
        await PythonAsync("""
            names = ['%s-%d' % ('n' * 200, i) for i in range(2)]
            for _ in range(25000):
                for name in names:
                    open(name, 'w').close()
                    os.unlink(name)
            """);
        watched.Read();
        await watched.UntilAsync("Lost: Events came faster than they were read, and some are missing.");
        await BashAsync("touch end");
        await watched.UntilAsync("Created end");
    }

    [Fact]
    public async Task Two_watch_one_folder_and_one_stops()
    {
        await using Watched one = await Watched.StartAsync(Files, Folder);
        await using Watched other = await Watched.StartAsync(Files, Folder);
        await BashAsync("touch a");
        await one.UntilAsync("Created a");
        await other.UntilAsync("Created a");
        await one.DisposeAsync();
        await BashAsync("touch b");
        await other.UntilAsync("Created b");
        Assert.DoesNotContain("Created b", one.Seen);
    }

    [Fact]
    public async Task Watches_that_stop_leave_room_for_others()
    {
        for (int i = 0; i < 300; i++)
        {
            await using Watched watched = await Watched.StartAsync(Files, Folder);
        }

        Assert.NotNull(await Files.GetAsync(Folder, cancellationToken: Ct));
    }

    [Theory]
    [InlineData("rm -r folder", "Ended: The folder was deleted.")]
    [InlineData("mv folder other", "Ended: The folder was moved.")]
    public async Task The_end_of_the_folder_ends_the_watch_in_words(string end, string expected)
    {
        await BashAsync("mkdir folder");
        await using Watched watched = await Watched.StartAsync(Files, In("folder"), isRecursive: true);
        await BashAsync($"touch folder/a; {end}");
        await watched.UntilAsync(expected);
        await watched.Reading;
        Assert.Equal(expected, watched.Seen[^1]);
    }

    [Fact]
    public async Task Only_a_folder_that_is_there_is_watched()
    {
        await WriteAsync("file", "x");
        await FailsAsync("not-a-directory", () => Watched.StartAsync(Files, In("file")));
        await FailsAsync("file-not-found", () => Watched.StartAsync(Files, In("none")));
        await BashAsync("ln -s . link");
        await using Watched watched = await Watched.StartAsync(Files, In("link"));
        await BashAsync("touch a");
        await watched.UntilAsync("Created a");
    }

    /// <summary>A folder that is watched, and what was told of it.</summary>
    private sealed class Watched : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly IAsyncEnumerator<SandboxFileEvent> _events;
        private readonly string _folder;
        private readonly List<string> _seen = [];
        private bool _isOver;

        private Watched(IAsyncEnumerable<SandboxFileEvent> events, string folder) =>
            (_events, _folder) = (events.GetAsyncEnumerator(_end.Token), folder);

        public IReadOnlyList<string> Seen
        {
            get
            {
                lock (_seen)
                {
                    return [.. _seen];
                }
            }
        }

        public Task Reading { get; private set; } = Task.CompletedTask;

        public static async Task<Watched> StartAsync(ISandboxFiles files, string folder, bool isRecursive = false, bool reads = true)
        {
            Watched watched = new(files.WatchAsync(folder, isRecursive, Ct), folder);
            Assert.True(await watched._events.MoveNextAsync());
            Assert.Equal((SandboxFileEventKind.Started, folder), (watched._events.Current.Kind, watched._events.Current.Path));
            if (reads)
            {
                watched.Read();
            }

            return watched;
        }

        public void Read() => Reading = ReadAsync();

        /// <summary>Waits for an event, and gives what was told until then and was not given yet.</summary>
        public async Task<List<string>> UntilAsync(string last)
        {
            await Eventually.HoldsAsync(() => Seen.Contains(last), $"{last} is told; told was {string.Join(", ", Seen.TakeLast(20))}");
            lock (_seen)
            {
                List<string> given = _seen.GetRange(0, _seen.IndexOf(last) + 1);
                if (!last.StartsWith("Ended", StringComparison.Ordinal))
                {
                    _seen.RemoveRange(0, given.Count);
                }

                return given;
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            await _end.CancelAsync();
            await Reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _events.DisposeAsync();
            _end.Dispose();
        }

        private async Task ReadAsync()
        {
            while (await _events.MoveNextAsync())
            {
                SandboxFileEvent e = _events.Current;
                lock (_seen)
                {
                    _seen.Add(e.Message is { } message ? $"{e.Kind}: {message}"
                        : e.Kind == SandboxFileEventKind.Renamed ? $"{e.Kind} {Short(e.OldPath!, e)} -> {Short(e.Path, e)}"
                        : $"{e.Kind} {Short(e.Path, e)}");
                }
            }
        }

        private string Short(string path, SandboxFileEvent e) => path[(_folder.Length + 1)..] + (e.IsDirectory ? "/" : "");
    }
}
