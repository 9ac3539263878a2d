using System.Diagnostics;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>A guest that changes folders into links and back while the host works in them leads the host nowhere.</summary>
public sealed class LinkRaceTests
{
    private const int Tries = 1500;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Python that swaps a folder and a link to one of the host's under the same name, as fast as it can.</summary>
    private static string Swap(string outside) => $"""
        import os, shutil
        os.mkdir('real'); open('real/file', 'w').write('decoy'); os.symlink('{outside}', 'link')
        print('ready')
        while not os.path.exists('stop'):
            try:
                os.rename('real', 'place'); os.rename('place', 'real')
                os.rename('link', 'place'); os.rename('place', 'link')
            except OSError:
                # Where there was nothing at the moment, a host that writes has made a folder of that name.
                shutil.rmtree('place', ignore_errors=True)
        """;

    [Fact]
    public async Task Reading_never_leads_outside()
    {
        using Outside outside = new();
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap);
        Running running = session.Begin("python", Swap(outside.Folder.Path));
        await running.PrintsAsync("ready\n");
        int refused = 0, decoys = 0;
        long started = Stopwatch.GetTimestamp();

        // Both states must be met, or nothing was raced.
        for (int i = 0; i < Tries || refused == 0 || decoys == 0; i++)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"refused {refused}, decoys {decoys}");
            try
            {
                Assert.Equal("decoy", await session.Executor.Workspace.ReadAllTextAsync("place/file", cancellationToken: Ct));
                decoys++;
            }
            catch (WorkspaceException e)
            {
                refused += e.IsPathRefused ? 1 : 0;
            }
        }

        await CanaryAsync(session.Folder["place/file"]);
        await session.Executor.Workspace.WriteAllTextAsync("stop", "", Ct);
        Assert.Equal(0, (await running.Completion).ExitCode);
    }

    [Fact]
    public async Task Writing_and_deleting_never_lead_outside()
    {
        using Outside outside = new();
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap);
        Running running = session.Begin("python", Swap(outside.Folder.Path));
        await running.PrintsAsync("ready\n");
        int refused = 0, written = 0;
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Tries || refused == 0 || written == 0; i++)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"refused {refused}, written {written}");
            try
            {
                // Where there is nothing at the moment, a folder of that name would be made and hold up the race.
                if (i % 2 == 0 && Directory.Exists(session.Folder["place"]))
                {
                    await session.Executor.Workspace.WriteAllTextAsync("place/file", "decoy", Ct);
                    written++;
                }
                else
                {
                    await session.Executor.Workspace.DeleteAsync("place/secret", Ct);
                }
            }
            catch (WorkspaceException e)
            {
                refused += e.IsPathRefused ? 1 : 0;
            }
        }

        Assert.Equal(["file", "secret"], outside.Folder.Entries());
        Assert.Equal("a secret of the host", await File.ReadAllTextAsync(outside.Folder["file"], Ct));
        await session.Executor.Workspace.WriteAllTextAsync("stop", "", Ct);
        Assert.Equal(0, (await running.Completion).ExitCode);
    }

    [Fact]
    public async Task Listing_never_leads_outside()
    {
        using Outside outside = new();
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap);
        Running running = session.Begin("python", Swap(outside.Folder.Path));
        await running.PrintsAsync("ready\n");
        bool listed = false;
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Tries || !listed; i++)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "The folder was never met.");
            IReadOnlyList<WorkspaceFile> files = (await session.Executor.Workspace.ListAsync(Ct)).Files;
            Assert.DoesNotContain(files, f => f.Path.Contains("secret", StringComparison.Ordinal) || f.Size == Outside.Secret.Length);
            listed |= files.Any(f => f.Path == "place/file");
        }

        await session.Executor.Workspace.WriteAllTextAsync("stop", "", Ct);
        Assert.Equal(0, (await running.Completion).ExitCode);
    }

    [Fact]
    public async Task A_device_that_lies_in_the_work_directory_is_neither_read_nor_listed()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap);
        Assert.NotEqual(0, (await session.BashAsync("mknod zero c 1 5")).ExitCode);
        using Process mknod = Process.Start(new ProcessStartInfo("mknod", [session.Folder["zero"], "c", "1", "5"]) { RedirectStandardError = true })!;
        await mknod.WaitForExitAsync(Ct);

        // Only root can plant one.
        Assert.Equal(Environment.IsPrivilegedProcess, mknod.ExitCode == 0);
        await Assert.ThrowsAsync<WorkspaceException>(() => session.Executor.Workspace.OpenReadAsync("zero", Ct));
        Assert.Empty((await session.Executor.Workspace.ListAsync(Ct)).Files);
        Assert.NotEqual(0, (await session.BashAsync("head -c 1 zero")).ExitCode);
    }

    /// <summary>Fails unless plain opening is led outside.</summary>
    private static Task CanaryAsync(string path) => Eventually.HoldsAsync(
        () =>
        {
            try
            {
                return File.ReadAllText(path) == Outside.Secret;
            }
            catch (IOException)
            {
                return false;
            }
        },
        "plain opening is led outside");

    /// <summary>A folder of the host, which the guest can name but not see.</summary>
    private sealed class Outside : IDisposable
    {
        public const string Secret = "a secret of the host";

        public Outside()
        {
            File.WriteAllText(Folder["file"], Secret);
            File.WriteAllText(Folder["secret"], Secret);
        }

        public TestFolder Folder { get; } = new();

        public void Dispose() => Folder.Dispose();
    }
}
