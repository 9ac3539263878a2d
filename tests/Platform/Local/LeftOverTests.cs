using System.Diagnostics;
using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Platform.Local;

/// <summary>What is swept as left over by a process that is gone, and what only looks so.</summary>
public sealed class LeftOverTests : IDisposable
{
    private static readonly string[] AsStranger = ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"];

    private readonly TestFolder _temporary = new();
    private readonly TestFolder _outside = new();

    public LeftOverTests()
    {
        // As /tmp is.
        _temporary.SetMode("", "1777");
        File.WriteAllText(_outside["kept"], "kept");
        _outside.SetMode("", "755");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_link_that_another_user_puts_there_is_not_followed()
    {
        string link = Name(), folder = Name(), own = Name();
        await ShellAsync($"ln -s '{_outside.Path}' {link}; mkdir {folder}; ln -s '{_outside.Path}' {folder}/link", Environment.IsPrivilegedProcess ? AsStranger : []);
        Directory.CreateDirectory(_temporary[own]);
        Directory.CreateSymbolicLink(_temporary[own + "/link"], _outside.Path);
        await SweepAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["kept"], _outside.Entries());
        Assert.True(File.GetAttributes(_temporary[link]).HasFlag(FileAttributes.ReparsePoint));

        // The canary: the sweep takes what is this user's; a stranger's folder is a stranger's matter.
        Assert.False(Directory.Exists(_temporary[own]));
        Assert.Equal(Environment.IsPrivilegedProcess, Directory.Exists(_temporary[folder]));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_others_may_write_in_is_not_swept_nor_is_anything_where_others_may_rename_it()
    {
        string open = Name(), closed = Name();
        Directory.CreateDirectory(_temporary[open]);
        Directory.CreateDirectory(_temporary[closed]);
        _temporary.SetMode(open, "777");
        _temporary.SetMode("", "775");
        await SweepAsync(TestContext.Current.CancellationToken);
        Assert.Equal(new[] { open, closed }.Order(StringComparer.Ordinal), _temporary.Entries());
        _temporary.SetMode("", "1777");
        await SweepAsync(TestContext.Current.CancellationToken);
        Assert.Equal([open], _temporary.Entries());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_work_directory_that_was_given_to_a_guest_is_swept_with_the_folder_of_ours_that_it_is_in()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root gives folders away.");
        string ours = Name(), guests = Name();
        await ShellAsync($"mkdir -m 711 {ours}; mkdir -m 0 {ours}/work; mkdir {ours}/work/x; mkdir {guests}; chown -R 1879048193:1879048193 {ours}/work {guests}");
        await SweepAsync(TestContext.Current.CancellationToken);
        Assert.Equal([guests], _temporary.Entries());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_file_system_that_is_mounted_inside_is_not_emptied()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root mounts.");
        string mounted = Name();
        Directory.CreateDirectory(_temporary[mounted + "/beside/deep"]);
        Directory.CreateDirectory(_temporary[mounted + "/a/point"]);
        (int exitCode, string output) = await HostProgram.RunAsync(
            new("bash", "echo on") { TemporaryFolder = _temporary.Path },
            "unshare", "--mount", "sh", "-c", $"mount --bind '{_outside.Path}' '{_temporary[mounted + "/a/point"]}' && \"$@\"", "sh");
        Assert.True(exitCode == 0, output);
        Assert.Equal(["kept"], _outside.Entries());
        Assert.Equal([mounted, mounted + "/a", mounted + "/a/point"], _temporary.Entries());

        // The canary: without the mount it goes.
        await SweepAsync(TestContext.Current.CancellationToken);
        Assert.Empty(_temporary.Entries());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_temporary_folder_that_cannot_be_made_is_an_error_that_says_so()
    {
        (int exitCode, string output) = await HostProgram.RunAsync(new("bash", "echo on") { TemporaryFolder = _temporary["missing"] }).WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(125, exitCode);
        Assert.StartsWith($"temporary-folder-unusable: No folder can be made in '{_temporary["missing"]}", output, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("chown 4242 .", true)]
    [InlineData("chmod 777 .", true)]
    [InlineData("chmod 1777 .", false)]
    public async Task A_temporary_folder_is_not_made_where_another_user_could_swap_it(string command, bool isRefused)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root gives folders away.");
        await ShellAsync(command);
        (int exitCode, string output) = await HostProgram.RunAsync(new("bash", "echo on") { TemporaryFolder = _temporary.Path })
            .WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(isRefused, output.StartsWith("temporary-folder-unusable: Another user", StringComparison.Ordinal));
        Assert.Equal(isRefused ? 125 : 0, exitCode);
    }

    public void Dispose()
    {
        _temporary.Dispose();
        _outside.Dispose();
    }

    /// <summary>A name that a process that is gone could have given.</summary>
    private static string Name() => string.Create(CultureInfo.InvariantCulture, $"glovebox-{int.MaxValue}-work-{PidNamespace.Id}-{Guid.NewGuid():n}");

    /// <summary>Lets another process start, which sweeps.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        (int exitCode, string output) = await HostProgram.RunAsync(new("bash", "echo on") { TemporaryFolder = _temporary.Path }).WaitAsync(cancellationToken);
        Assert.True(exitCode == 0, output);
        Assert.EndsWith("on\n", output, StringComparison.Ordinal);
    }

    private async Task ShellAsync(string script, params string[] prefix)
    {
        string[] command = [.. prefix, "sh", "-ec", script];
        using Process shell = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = _temporary.Path })!;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, shell.ExitCode);
    }
}
