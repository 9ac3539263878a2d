using System.Diagnostics;
using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Tests.Unit.Host;

/// <summary>Which directories can be work directories.</summary>
public sealed class WorkDirectoryTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("/usr")]
    [InlineData("/usr/")]
    [InlineData("/usr/bin")]
    [InlineData("/bin")]
    [InlineData("/sbin")]
    [InlineData("/lib")]
    [InlineData("/etc")]
    [InlineData("/etc/glovebox-test")]
    [InlineData("/usr/lib/glovebox-test/new")]
    [InlineData("/tmp/../etc/.")]
    [InlineData("/var")]
    [InlineData("/home")]
    [InlineData("/run")]
    [InlineData("/proc")]
    [InlineData("/proc/self")]
    [InlineData("/proc/sys/kernel")]
    [InlineData("/proc/self/root/etc")]
    [InlineData("/proc/glovebox-test")]
    [InlineData("/sys")]
    [InlineData("/sys/kernel")]
    [InlineData("/sys/fs/cgroup")]
    [InlineData("/sys/fs/cgroup/glovebox-test/new")]
    [InlineData("/dev")]
    [InlineData("/dev/pts")]
    [InlineData("/dev/glovebox-test")]
    public void A_folder_of_the_systems_is_refused_by_any_name_and_nothing_is_made_in_it(string path)
    {
        SandboxUnavailableException e = Assert.Throws<SandboxUnavailableException>(() => new WorkDirectory(path).Create());
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains("system", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
        Assert.Equal(!path.Contains("glovebox", StringComparison.Ordinal), Directory.Exists(path));

        if (Directory.Exists(path))
        {
            File.CreateSymbolicLink(_folder["link"], path);
            Assert.Throws<SandboxUnavailableException>(() => new WorkDirectory(_folder["link"]).Create());
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/")]
    [InlineData("/etc")]
    public async Task One_is_refused_where_a_bind_mount_shows_it_under_another_path(string folder)
    {
        await Task.Delay(0, TestContext.Current.CancellationToken);
        using SafeFileHandle directory = Libc.Open(folder, Libc.OpenPath | Libc.OpenDirectory, 0);
        Assert.NotNull(SystemFolders.Refuses("/srv/glovebox-test", directory));

        // The canary: a folder that is not the system's.
        using SafeFileHandle other = Libc.Open(_folder.Path, Libc.OpenPath | Libc.OpenDirectory, 0);
        Assert.Null(SystemFolders.Refuses("/srv/glovebox-test", other));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_that_its_path_does_not_lead_to_is_refused()
    {
        // Deleted, its path reads "gone (deleted)", and a folder of that name is another one.
        string gone = _folder["gone"];
        Directory.CreateDirectory(gone);
        Directory.CreateDirectory(gone + " (deleted)");
        using Process holder = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "echo; read -r end"])
        {
            WorkingDirectory = gone,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        string path = $"/proc/{holder.Id}/cwd";

        // The canary: as long as it is there.
        new WorkDirectory(path).Create();
        Directory.Delete(gone);
        SandboxUnavailableException e = Assert.Throws<SandboxUnavailableException>(() => new WorkDirectory(path).Create());
        Assert.Equal("work-directory-unusable", e.Code);
        holder.StandardInput.Close();
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void The_folder_of_what_sandboxes_are_made_with_is_refused_and_so_is_one_that_holds_it()
    {
        SandboxUnavailableException e = Assert.Throws<SandboxUnavailableException>(() => new WorkDirectory(Path.GetTempPath()).Create());
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains("sandboxes are made with", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dev/shm")]
    [InlineData("/var/tmp")]
    public void A_folder_of_a_users_is_fine_wherever_it_is(string parent)
    {
        using TestFolder folder = new(parent);
        WorkDirectory work = new(folder["new/deep"]);
        work.Create();
        Assert.Equal((folder["new/deep"], true), (work.Path, work.IsMade));
        new WorkDirectory(folder.Path).Create();
    }

    [Fact]
    public void A_link_is_followed_once()
    {
        Directory.CreateDirectory(_folder["one"]);
        Directory.CreateDirectory(_folder["two"]);
        File.CreateSymbolicLink(_folder["link"], "one");
        WorkDirectory work = new(_folder["link"]);
        work.Create();
        Assert.Equal((_folder["one"], false), (work.Path, work.IsMade));

        File.Delete(_folder["link"]);
        File.CreateSymbolicLink(_folder["link"], "two");
        work.Create();
        Assert.Equal(_folder["one"], work.Path);

        Directory.Delete(_folder["one"]);
        File.CreateSymbolicLink(_folder["one"], "two");
        Assert.Throws<SandboxUnavailableException>(work.Create);
    }

    [Fact]
    public void A_link_that_leads_nowhere_and_one_of_a_strangers_are_refused()
    {
        File.CreateSymbolicLink(_folder["nowhere"], "missing");
        SandboxUnavailableException e = Assert.Throws<SandboxUnavailableException>(() => new WorkDirectory(_folder["nowhere"]).Create());
        Assert.Contains("link that leads to no directory", e.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(_folder["missing"]));
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        Directory.CreateDirectory(_folder["real/in"]);
        File.CreateSymbolicLink(_folder["link"], "real");
        new WorkDirectory(_folder["link/in"]).Create();
        using System.Diagnostics.Process chown = System.Diagnostics.Process.Start("chown", ["-h", "4242", _folder["link"]]);
        chown.WaitForExit();
        foreach (string path in new[] { "link", "link/in", "link/new" })
        {
            e = Assert.Throws<SandboxUnavailableException>(() => new WorkDirectory(_folder[path]).Create());
            Assert.Contains("link that another user made", e.Message, StringComparison.Ordinal);
        }

        Assert.False(Path.Exists(_folder["real/new"]));
    }

    [Fact]
    public void A_directory_that_another_has_made_was_not_made_here()
    {
        WorkDirectory made = new(_folder["new"]), found = new(_folder["new"]);
        made.Create();
        found.Create();
        Assert.Equal((true, false), (made.IsMade, found.IsMade));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Executors_refuse_them_and_work_where_a_link_led(bool isIsolated)
    {
        ExecutorKind kind = isIsolated ? ExecutorKind.Bubblewrap : ExecutorKind.Local;
        foreach (string path in new[] { "/", "/proc", "/etc" })
        {
            await using ICodeExecutor refused = kind.Create(new() { WorkDir = path });
            SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(
                () => refused.StartAsync(TestContext.Current.CancellationToken));
            Assert.Equal("work-directory-unusable", e.Code);
        }

        using TestFolder one = new(), two = new();
        one.GiveAway();
        File.CreateSymbolicLink(_folder["link"], one.Path);
        _folder.SetMode("", "755");
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = _folder["link"] });
        await executor.StartAsync(TestContext.Current.CancellationToken);
        File.Delete(_folder["link"]);
        File.CreateSymbolicLink(_folder["link"], two.Path);
        await executor.RestartAsync(TestContext.Current.CancellationToken);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("bash", "touch here")], TestContext.Current.CancellationToken);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["here"], one.Entries());
        Assert.Empty(two.Entries());
    }

    public void Dispose() => _folder.Dispose();
}
