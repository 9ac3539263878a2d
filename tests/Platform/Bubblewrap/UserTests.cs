using System.Diagnostics;
using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Which user of the host guest code has, and whose its files are.</summary>
public sealed class UserTests
{
    /// <summary>The user of <see cref="TestFolder.GiveAway"/>, when the tests run as root.</summary>
    private const uint Owner = 4242;

    private static readonly string[] AsPlainUser = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"] : [];

    private static uint Own => Libc.EffectiveUserId();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_a_work_directory_of_a_plain_user_guest_code_is_that_user_and_so_are_all_files()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { DeleteTempFiles = false });
        uint expected = Environment.IsPrivilegedProcess ? Owner : Own;
        Assert.Equal((expected, "0000000000000000"), await HostStatusAsync(session));
        await session.BashAsync("# filename: sub/code.sh\nmkdir guest; touch guest/file");
        await session.Executor.Workspace.WriteAllTextAsync("host/file", "x", Ct);
        Assert.Equal(expected, Libc.Status(session.Folder.Path).Uid);
        Assert.All(session.Folder.Entries(), name => Assert.Equal(expected, Libc.Status(session.Folder[name]).Uid));
        Assert.True(session.Folder.Entries().Count() >= 7);
        Assert.Equal(EnforcementLevel.Full, Control(session.Executor, "user").Level);
    }

    [Fact]
    public async Task In_a_temporary_work_directory_root_makes_guest_code_a_user_that_nobody_else_is()
    {
        await using BubblewrapCommandLineCodeExecutor first = new(), second = new();
        await first.StartAsync(Ct);
        await second.StartAsync(Ct);
        (uint one, _) = await HostStatusAsync(first);
        (uint other, _) = await HostStatusAsync(second);
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Equal((Own, Own), (one, other));
            return;
        }

        Assert.NotEqual(one, other);
        Assert.InRange(one, 0x70000000u, 0x7F000000u);
        Assert.Equal((0, ""), await OutcomeAsync(first, "touch file; mkdir folder; [ -O . ] && [ -O file ]"));
        Assert.Equal("x", await WrittenAndReadAsync(first));
    }

    [Fact]
    public async Task In_a_work_directory_of_roots_guest_code_is_another_user_and_the_files_stay_roots()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root has such a directory.");
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["before"], "x", Ct);
        folder.SetMode("before", "600");
        await File.WriteAllTextAsync(folder["other"], "x", Ct);
        folder.SetMode("other", "600");
        using Process chown = Process.Start("chown", ["4242:4242", folder["other"]]);
        await chown.WaitForExitAsync(Ct);
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = folder.Path });
        await executor.StartAsync(Ct);
        (uint uid, string capabilities) = await HostStatusAsync(executor);
        Assert.InRange(uid, 0x70000000u, 0x7F000000u);
        Assert.Equal("0000000000000000", capabilities);
        ControlCapability user = Control(executor, "user");
        Assert.Equal(EnforcementLevel.Full, user.Level);
        Assert.Contains("the work directory is root's", user.Mechanism, StringComparison.Ordinal);

        // Root's files are the guest's inside, whoever made them; those of others are not.
        await executor.Workspace.WriteAllTextAsync("written/file", "x", Ct);
        Assert.Equal((0, "x"), await OutcomeAsync(executor, "[ -O . ] && [ -O written/file ] && mkdir made && mv written/file made && touch file && cat before"));
        Assert.NotEqual(0, (await OutcomeAsync(executor, "cat other")).ExitCode);
        Assert.All(["", "file", "made", "made/file", "written", "before"], (string name) => Assert.Equal((0u, 0u), OwnerOf(folder[name])));
        Assert.Equal((4242u, 4242u), OwnerOf(folder["other"]));

        // After a restart, and for the next executor, the same holds.
        await executor.RestartAsync(Ct);
        Assert.Equal((0, "x"), await OutcomeAsync(executor, "[ -O file ] && cat made/file"));
        await using BubblewrapCommandLineCodeExecutor next = new(new() { WorkDir = folder.Path });
        await next.StartAsync(Ct);
        Assert.Equal((0, "x"), await OutcomeAsync(next, "[ -O file ] && cat made/file"));
        Assert.NotEqual(uid, (await HostStatusAsync(next)).Uid);
    }

    [Fact]
    public async Task A_directory_of_roots_with_a_device_node_of_roots_is_refused()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root makes such a node.");
        using TestFolder folder = new();
        Directory.CreateDirectory(folder["sub"]);
        await HostAsync("mknod", folder["sub/null"], "c", "1", "3");
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = folder.Path });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains("sub/null", e.Message, StringComparison.Ordinal);

        // As another user's it is no business of the guest's.
        await HostAsync("chown", "4242:4242", folder["sub/null"]);
        await executor.StartAsync(Ct);
        Assert.NotEqual(0, (await OutcomeAsync(executor, "chmod 666 sub/null")).ExitCode);
    }

    [Fact]
    public async Task A_directory_of_roots_on_a_file_system_that_cannot_map_owners_is_refused()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root has such a directory.");
        using TestFolder folder = new();
        await HostAsync("mount", "-t", "ramfs", "none", folder.Path);
        try
        {
            await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = folder.Path });
            SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
            Assert.Equal("work-directory-unusable", e.Code);
            Assert.Contains("belongs to root, guest code never runs as root, and its files cannot be mapped to another user: its file system", e.Message, StringComparison.Ordinal);
            Assert.Contains("chown", e.Hint, StringComparison.Ordinal);
            Assert.Empty(folder.Entries());

            // As another user's it works there, too.
            folder.GiveAway();
            await executor.StartAsync(Ct);
            Assert.Equal((0, ""), await OutcomeAsync(executor, "touch file"));
        }
        finally
        {
            await HostAsync("umount", folder.Path);
        }
    }

    [Fact]
    public async Task Guest_code_is_another_user_than_root_although_only_root_can_enter_the_temporary_folder()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root runs as another user.");
        using TestFolder closed = new();
        closed.SetMode("", "700");
        Directory.CreateDirectory(closed["temporary"]);
        (int exitCode, string output) = await HostProgram.RunAsync(new("bash", "touch file; ls -An . | cut -d' ' -f3,4") { TemporaryFolder = closed["temporary"] });
        Assert.Equal((0, true), (exitCode, output.EndsWith("\n1000 1000\n1000 1000\n", StringComparison.Ordinal)));
        Assert.Matches("user: Full: uid (1|2)[0-9]{9} ", output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(closed["temporary"]));
    }

    [Fact]
    public async Task A_root_who_may_make_no_mounts_has_the_other_wall_and_no_directory_of_its_own()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can give up the right to.");
        string[] withoutMounts = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"];
        using TestFolder folder = new();
        (int exitCode, string output) = await HostProgram.RunAsync(new("bash", "touch ran") { WorkDirectory = folder.Path }, withoutMounts);
        Assert.Equal(125, exitCode);
        Assert.Contains("belongs to root, guest code never runs as root", output, StringComparison.Ordinal);
        Assert.Contains("may not", output, StringComparison.Ordinal);
        Assert.Empty(folder.Entries());

        using TestFolder closed = new();
        closed.SetMode("", "700");
        Directory.CreateDirectory(closed["temporary"]);
        (exitCode, output) = await HostProgram.RunAsync(new("bash", "touch ran") { TemporaryFolder = closed["temporary"] }, withoutMounts);
        Assert.Equal(125, exitCode);
        Assert.Contains("cannot enter every folder above", output, StringComparison.Ordinal);

        (exitCode, output) = await HostProgram.RunAsync(new("bash", "touch file; id -u"), withoutMounts);
        Assert.Equal((0, true), (exitCode, output.EndsWith("\n1000\n", StringComparison.Ordinal)));
        Assert.Contains("kernel: Partial: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_work_directory_that_we_make_belongs_to_the_user_that_guest_code_has()
    {
        using TestFolder folder = new();
        folder.SetMode("", "711");
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = folder["new"] });
        await executor.StartAsync(Ct);
        (uint uid, _) = await HostStatusAsync(executor);
        Assert.Equal(uid, Libc.Status(folder["new"]).Uid);
        Assert.Equal(!Environment.IsPrivilegedProcess, uid == Own);

        // The next executor in the same directory is the same user, and so has the rights to what the first has made.
        Assert.Equal((0, ""), await OutcomeAsync(executor, "mkdir -m 700 private; echo x > private/file"));
        await using BubblewrapCommandLineCodeExecutor next = new(new() { WorkDir = folder["new"] });
        await next.StartAsync(Ct);
        Assert.Equal((0, "x\n"), await OutcomeAsync(next, "cat private/file"));
    }

    [Fact]
    public async Task The_user_that_guest_code_sees_itself_as_is_the_policys()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { User = "1234:5678" }));
        Assert.Equal("1234 5678\nglovebox\n", (await session.BashAsync("echo $(id -u) $(id -g); whoami")).Output);
        Assert.Equal(0, (await session.BashAsync("touch file && rm file")).ExitCode);
        Assert.Equal(Environment.IsPrivilegedProcess ? Owner : Own, (await HostStatusAsync(session)).Uid);
    }

    [Fact]
    public async Task A_plain_user_needs_no_right_of_its_own()
    {
        using TestFolder folder = new();
        folder.GiveAway();
        (int exitCode, string output) = await HostProgram.RunAsync(
            new("bash", "python3 -c 'print(6 * 7)'; id -u; echo x > file; exit 3") { WorkDirectory = folder.Path }, AsPlainUser);
        Assert.Equal(3, exitCode);
        Assert.EndsWith("\n42\n1000\n", output, StringComparison.Ordinal);
        Assert.Contains("user: Full: uid ", output, StringComparison.Ordinal);
        Assert.Contains("network: Full: ", output, StringComparison.Ordinal);
        Assert.Contains("seccomp: Full: ", output, StringComparison.Ordinal);
        Assert.Equal(Environment.IsPrivilegedProcess ? Owner : Own, Libc.Status(folder["file"]).Uid);
    }

    [Fact]
    public async Task A_plain_user_in_a_temporary_work_directory_leaves_nothing_behind()
    {
        using TestFolder temporary = new();
        temporary.GiveAway();
        (int exitCode, string output) = await HostProgram.RunAsync(
            new("python", "import os; os.makedirs('a/b'); os.chmod('a', 0); print('on')") { TemporaryFolder = temporary.Path }, AsPlainUser);
        Assert.Equal(0, exitCode);
        Assert.EndsWith("\non\n", output, StringComparison.Ordinal);
        Assert.Empty(temporary.Entries());
    }

    [Fact]
    public async Task A_plain_user_without_control_groups_has_weaker_limits_by_default_and_none_that_it_asked_for_in_vain()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A plain user may have a control group of its own here; one that root makes up has none.");
        using TestFolder folder = new();
        folder.GiveAway();
        (_, string output) = await HostProgram.RunAsync(new("python", "x = bytearray(3 << 30)") { WorkDirectory = folder.Path }, AsPlainUser);
        Assert.Contains("memory: Partial: ", output, StringComparison.Ordinal);
        Assert.Contains("processes: Full: ", output, StringComparison.Ordinal);
        Assert.Contains("MemoryError", output, StringComparison.Ordinal);

        (int exitCode, string refusal) = await HostProgram.RunAsync(new("bash", "touch ran") { WorkDirectory = folder.Path, Memory = 512 << 20 }, AsPlainUser);
        Assert.Equal(125, exitCode);
        Assert.StartsWith("policy-not-enforceable: Memory", refusal, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["ran"]));

        // The canary: who can make one gets it.
        if (ControlGroups.LimitMemory)
        {
            Assert.Equal(0, (await HostProgram.RunAsync(new("bash", "touch ran") { WorkDirectory = folder.Path, Memory = 512 << 20 })).ExitCode);
            Assert.True(File.Exists(folder["ran"]));
        }
    }

    [Fact]
    public async Task Root_of_a_namespace_with_no_other_user_works_as_itself()
    {
        using TestFolder folder = new();
        folder.GiveAway();
        (int exitCode, string output) = await HostProgram.RunAsync(
            new("bash", "id -u; touch file") { WorkDirectory = folder.Path }, [.. AsPlainUser, "unshare", "--user", "--map-root-user"]);
        Assert.True(exitCode == 0, output);
        Assert.EndsWith("\n1000\n", output, StringComparison.Ordinal);
        (exitCode, output) = await HostProgram.RunAsync(new("bash", "id -u") { TemporaryFolder = folder.Path }, [.. AsPlainUser, "unshare", "--user", "--map-root-user"]);
        Assert.True(exitCode == 0, output);
    }

    /// <summary>The uid and the effective capabilities that the host sees guest code have.</summary>
    private static Task<(uint Uid, string Capabilities)> HostStatusAsync(Session session) => HostStatusAsync(session.Executor);

    private static async Task<(uint Uid, string Capabilities)> HostStatusAsync(ICodeExecutor executor)
    {
        string marker = HostProcesses.NewMarker();
        await executor.ExecuteCodeBlocksAsync([new("bash", $"(exec -a {marker} sleep 600) & exit")], Ct);
        await HostProcesses.AppearsAsync(marker);
        string[] status = await File.ReadAllLinesAsync($"/proc/{HostProcesses.With(marker)[0]}/status", Ct);
        return (uint.Parse(Field("Uid:").Split('\t')[0], CultureInfo.InvariantCulture), Field("CapEff:"));

        string Field(string name) => status.First(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Trim();
    }

    private static (uint Uid, uint Gid) OwnerOf(string path) => (Libc.Status(path).Uid, Libc.Status(path).Gid);

    private static async Task HostAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Ct);
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task<(int ExitCode, string Output)> OutcomeAsync(BubblewrapCommandLineCodeExecutor executor, string code)
    {
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("bash", code)], Ct);
        return (result.ExitCode, result.StandardOutput);
    }

    private static async Task<string> WrittenAndReadAsync(BubblewrapCommandLineCodeExecutor executor)
    {
        await executor.Workspace.WriteAllTextAsync("sub/written", "x", Ct);
        return (await OutcomeAsync(executor, "[ -O sub ] && [ -O sub/written ] && cat sub/written")).Output;
    }

    private static ControlCapability Control(ICodeExecutor executor, string name) => executor.GetService<SandboxCapabilities>()!.Control(name)!;
}
