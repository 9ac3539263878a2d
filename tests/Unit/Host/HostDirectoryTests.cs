using System.Diagnostics;
using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Tests.Unit.Host;

/// <summary>Root lends guest code none of its rights: it gives away no folder of its own, reads and writes nothing that the guest could
/// not.</summary>
public sealed class HostDirectoryTests : IDisposable
{
    private static readonly UserId Guest = new(4242, 4242);

    private readonly TestFolder _folder = new();

    public HostDirectoryTests() => _folder.GiveAway();

    [Theory(Timeout = 60_000)]
    [InlineData("renamed")]
    [InlineData("linked")]
    public async Task A_file_of_roots_that_another_party_puts_there_is_not_read_for_the_guest(string how)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A plain user has no rights to lend.");
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["secret"], "secret", TestContext.Current.CancellationToken);
        outside.SetMode("secret", "600");
        if (how == "renamed")
        {
            File.Move(outside["secret"], _folder["produced"]);
        }
        else
        {
            using Process ln = Process.Start("ln", [outside["secret"], _folder["produced"]]);
            await ln.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using HostDirectory files = new(_folder.Path, Guest);
        WorkspaceException e = await Assert.ThrowsAsync<WorkspaceException>(
            () => files.OpenReadAsync("produced", TestContext.Current.CancellationToken));
        Assert.Contains("belongs to a user that guest code is not", e.Message, StringComparison.Ordinal);
        Assert.Equal(["produced"], (await files.ListAsync(TestContext.Current.CancellationToken)).Files.Select(f => f.Path));

        // The canaries: who may read it, reads it.
        using HostDirectory roots = new(_folder.Path), mapped = new(_folder.Path, owner: null, reader: new UserId(0, 0));
        Assert.Equal("secret", await roots.ReadAllTextAsync("produced", cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("secret", await mapped.ReadAllTextAsync("produced", cancellationToken: TestContext.Current.CancellationToken));
        _folder.SetMode("produced", "644");
        Assert.Equal("secret", await files.ReadAllTextAsync("produced", cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_folder_of_roots_is_used_as_far_as_the_guest_may()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A plain user has no rights to lend.");
        foreach ((string name, string mode) in new[] { ("closed", "700"), ("shown", "755"), ("open", "777") })
        {
            Directory.CreateDirectory(_folder[name]);
            await File.WriteAllTextAsync(_folder[name + "/file"], name, TestContext.Current.CancellationToken);
            _folder.SetMode(name, mode);
        }

        using HostDirectory files = new(_folder.Path, Guest);
        Assert.Equal(["open/file", "shown/file"], (await files.ListAsync(TestContext.Current.CancellationToken)).Files.Select(f => f.Path));
        await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync("closed/file", TestContext.Current.CancellationToken));
        Assert.Equal("shown", await files.ReadAllTextAsync("shown/file", cancellationToken: TestContext.Current.CancellationToken));
        foreach (string path in new[] { "closed/file", "closed/new", "closed/new/file", "shown/file", "shown/new", "shown/new/file" })
        {
            await Assert.ThrowsAsync<WorkspaceException>(() => files.WriteAllTextAsync(path, "x", TestContext.Current.CancellationToken));
        }

        await Assert.ThrowsAsync<WorkspaceException>(() => files.DeleteAsync("shown/file", TestContext.Current.CancellationToken));
        await files.WriteAllTextAsync("open/new/file", "x", TestContext.Current.CancellationToken);
        await files.WriteAllTextAsync("own/file", "x", TestContext.Current.CancellationToken);
        Assert.True(await files.DeleteAsync("open/file", TestContext.Current.CancellationToken));
        Assert.Equal(Guest.Uid, Libc.Status(_folder["open/new"]).Uid);
        Assert.Equal(Guest.Uid, Libc.Status(_folder["own/file"]).Uid);
        Assert.False(Directory.Exists(_folder["shown/new"]));
    }

    [Fact]
    public void A_directory_that_is_not_new_is_not_given_away()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root gives folders away.");
        Directory.CreateDirectory(_folder["full/inner"]);
        Directory.CreateDirectory(_folder["empty"]);
        using (HostDirectory full = new(_folder["full"], Guest))
        {
            Assert.Equal("work-directory-unusable", Assert.Throws<SandboxUnavailableException>(full.GiveAwayRoot).Code);
        }

        Assert.Equal(0u, Libc.Status(_folder["full"]).Uid);
        using (HostDirectory empty = new(_folder["empty"], Guest))
        {
            empty.GiveAwayRoot();
        }

        Assert.Equal(Guest.Uid, Libc.Status(_folder["empty"]).Uid);
        using HostDirectory strangers = new(_folder["empty"], new UserId(4243, 4243));
        Assert.Throws<SandboxUnavailableException>(strangers.GiveAwayRoot);
    }

    [Fact]
    public void A_link_on_the_way_to_the_directory_is_not_followed()
    {
        Directory.CreateDirectory(_folder["real/in"]);
        Directory.CreateSymbolicLink(_folder["link"], _folder["real"]);
        foreach (string path in new[] { "link", "link/in" })
        {
            Assert.Throws<SandboxUnavailableException>(() => new HostDirectory(_folder[path]));
        }

        new HostDirectory(_folder["real/in"]).Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_guest_that_swaps_folders_while_one_is_made_gets_none_of_roots()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root gives folders away.");
        Directory.CreateDirectory(_folder["roots"]);
        await File.WriteAllTextAsync(_folder["roots/secret"], "secret", TestContext.Current.CancellationToken);
        _folder.SetMode("roots", "700");
        using Swapper swapper = await Swapper.StartAsync(_folder.Path, "roots", "place", "away-").WaitAsync(TestContext.Current.CancellationToken);
        using HostDirectory files = new(_folder.Path, Guest);
        int written = 0, refused = 0;
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < 1000 || written == 0 || refused == 0; i++)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(40), $"written {written}, refused {refused}");
            try
            {
                await files.WriteAllTextAsync("place/file", "x", TestContext.Current.CancellationToken);
                written++;
            }
            catch (WorkspaceException)
            {
                refused++;
            }

            Assert.Equal(0u, Owner());
        }

        // The canary: who does not look gives it away.
        await Eventually.HoldsAsync(
            () =>
            {
                MakeCarelessly();
                return Owner() == Guest.Uid;
            },
            "the folder is given away");

        uint Owner()
        {
            using SafeFileHandle folder = Libc.Open(_folder["roots"], Libc.OpenPath | Libc.OpenCloseOnExec, 0);
            using SafeFileHandle swapped = folder.IsInvalid ? Libc.Open(_folder["place"], Libc.OpenPath | Libc.OpenCloseOnExec, 0) : folder;
            bool isRoots = Libc.Statx(swapped, "secret", 0, Libc.StatxBasic, out _) == 0;
            return isRoots && Libc.TryStatus(swapped, out Libc.FileStatus status) ? status.Uid : 0;
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("4755", true)]
    [InlineData("2755", true)]
    [InlineData("755", false)]
    public async Task A_set_id_program_that_the_guest_could_rewrite_is_found(string mode, bool isRefused)
    {
        await Task.Delay(0, TestContext.Current.CancellationToken);
        File.WriteAllText(_folder["tool"], "x");
        _folder.SetMode("tool", mode);
        using HostDirectory directory = new(_folder.Path);
        Exception? e = Record.Exception(directory.RefuseSetId);
        Assert.Equal(isRefused, e is SandboxUnavailableException { Code: "work-directory-unusable" });

        // One that the guest may not write is no matter of its own.
        using HostDirectory other = new(_folder.Path, owner: null, reader: new UserId(54321, 54321));
        other.RefuseSetId();
    }

    public void Dispose() => _folder.Dispose();

    private void MakeCarelessly()
    {
        using SafeFileHandle folder = Libc.Open(_folder.Path, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
        if (Libc.MakeDirectoryAt(folder, "place", 0x1FF) == 0)
        {
            using SafeFileHandle made = Libc.OpenAt(
                folder, "place", Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);
            if (!made.IsInvalid)
            {
                _ = Libc.ChangeOwner(made, Guest.Uid, Guest.Gid);
            }
        }
    }
}
