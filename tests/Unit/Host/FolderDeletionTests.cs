using System.Diagnostics;
using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Tests.Unit.Host;

/// <summary>What guest code leaves is deleted whatever it is, and nothing else is.</summary>
public sealed class FolderDeletionTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly TestFolder _folder = new();
    private readonly TestFolder _outside = new();

    public FolderDeletionTests() => File.WriteAllText(_outside["kept"], "kept");

    [Fact(Timeout = 300_000)]
    public async Task A_tree_deeper_than_any_path_with_locked_folders_and_names_that_are_not_UTF_8_is_deleted()
    {
        await PythonAsync($"""
            import os
            os.mkdir('top'); os.chdir('top')
            os.symlink('{_outside.Path}', 'link'); os.mkfifo('pipe')
            os.mkdir(b'folder-\xff'); open(b'folder-\xff/file-\xfe', 'w')
            for i in '012':
                os.makedirs('locked/' + i + '/in'); open('locked/' + i + '/in/x', 'w')
                os.chmod('locked/' + i + '/in', 0o400); os.chmod('locked/' + i, 0o100)
            os.chmod('locked', 0)
            for i in range(20_000):
                os.mkdir('deeper'); os.chdir('deeper')
            open('end', 'w')
            """, TestContext.Current.CancellationToken);

        // The canary: by path it cannot be.
        Assert.ThrowsAny<IOException>(() => Directory.Delete(_folder["top"], recursive: true));
        Assert.True(Delete("top"));
        Assert.Empty(_folder.Entries());
        Assert.Equal(["kept"], _outside.Entries());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_plain_users_locked_folders_are_unlocked_through_no_link()
    {
        await PythonAsync($"""
            import os
            os.makedirs('top/a/b/c'); os.makedirs('top/a/d'); os.symlink('{_outside.Path}', 'top/a/link')
            for name in ('top/a/b/c', 'top/a/b', 'top/a/d', 'top/a', 'top'): os.chmod(name, 0)
            """, TestContext.Current.CancellationToken);
        _outside.SetMode("", "500");
        Assert.True(Delete("top"));
        Assert.Equal(["kept"], _outside.Entries());
        Assert.Equal(0x140, Libc.Status(_outside.Path).Mode & 0x1FF);
    }

    [Fact]
    public void A_link_is_no_folder_to_delete()
    {
        Directory.CreateSymbolicLink(_folder["top"], _outside.Path);
        Assert.False(Delete("top"));
        Assert.Equal(["kept"], _outside.Entries());
        Assert.True(File.Exists(_folder["top/kept"]));
        Assert.True(Delete("missing"));
    }

    [Fact]
    public void A_folder_that_is_not_wanted_stays_with_all_that_is_in_it()
    {
        Directory.CreateDirectory(_folder["top/inner"]);
        using SafeFileHandle parent = Open(_folder.Path);
        Assert.False(FolderDeletion.Delete(parent, "top", Limit, status => status.Uid != Libc.EffectiveUserId()));
        Assert.Equal(["top", "top/inner"], _folder.Entries());
        Assert.True(FolderDeletion.Delete(parent, "top", Limit, status => status.Uid == Libc.EffectiveUserId()));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_folder_that_becomes_a_link_and_back_meanwhile_leads_nowhere()
    {
        Make();
        using Swapper swapper = await Swapper.StartAsync(_folder.Path, "top/place", "top/link").WaitAsync(TestContext.Current.CancellationToken);
        for (int i = 0; i < 500; i++)
        {
            await Eventually.HoldsAsync(() => Delete("top"), "the folder is gone");
            Assert.Equal(["kept"], _outside.Entries());
            Make();
        }

        // The canary: who looks first, and then goes by path, is led outside.
        await Eventually.HoldsAsync(
            () =>
            {
                DeleteByPath(_folder["top/place"]);
                return !File.Exists(_outside["kept"]);
            },
            "deletion by path is led outside");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_process_that_goes_on_making_files_does_not_hold_up_the_deletion_for_ever()
    {
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Directory.CreateDirectory(_folder["top"]);
        Task making = Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; !done.IsCancellationRequested; i++)
                {
                    Ignoring(() => Directory.CreateDirectory(_folder[$"top/{i % 50}/in"]));
                }
            },
            TaskCreationOptions.LongRunning);
        using SafeFileHandle parent = Open(_folder.Path);
        long started = Stopwatch.GetTimestamp();
        _ = FolderDeletion.Delete(parent, "top", TimeSpan.FromSeconds(1));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
        await done.CancelAsync();
        await making;
        Assert.True(FolderDeletion.Delete(parent, "top", Limit));
    }

    public void Dispose()
    {
        _outside.SetMode("", "700");
        _folder.Dispose();
        _outside.Dispose();
    }

    private void Make()
    {
        Directory.CreateDirectory(_folder["top"]);
        File.CreateSymbolicLink(_folder["top/link"], _outside.Path);
        Directory.CreateDirectory(_folder["top/place"]);
    }

    private static void DeleteByPath(string folder) => Ignoring(() =>
    {
        if ((File.GetAttributes(folder) & FileAttributes.ReparsePoint) == 0)
        {
            File.Delete(Path.Combine(folder, "kept"));
        }
    });

    private bool Delete(string name)
    {
        using SafeFileHandle parent = Open(_folder.Path);
        return FolderDeletion.Delete(parent, name, Limit);
    }

    private static SafeFileHandle Open(string path) => Libc.Open(path, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);

    private static void Ignoring(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The other side was faster.
        }
    }

    private async Task PythonAsync(string code, CancellationToken cancellationToken)
    {
        using Process python = Process.Start(new ProcessStartInfo("python3", ["-c", code]) { WorkingDirectory = _folder.Path })!;
        await python.WaitForExitAsync(cancellationToken);
        Assert.Equal(0, python.ExitCode);
    }
}
