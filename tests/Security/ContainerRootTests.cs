using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>A container whose guest is root: what it owns there is a copy, and what it leaves in the work directory is harmless.</summary>
public sealed class ContainerRootTests
{
    private const string LeavesSetId = """
        import subprocess
        subprocess.run('cp /bin/true ./t && chmod 6755 t', shell=True)
        print('left')
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static bool IsPossible => SetUps.All.Contains(SetUps.ContainerAsRoot);

    [Fact(Timeout = AttackTests.Limit)]
    public async Task Its_device_nodes_are_not_the_hosts()
    {
        Assert.SkipUnless(IsPossible, "Only root has directories of root's.");
        const string program = """
            import os
            for name in 'null', 'zero', 'full', 'random', 'urandom', 'tty':
                os.chmod('/dev/' + name, 0o641)
                os.utime('/dev/' + name, (1, 1))
                status = os.stat('/dev/' + name)
                print(oct(status.st_mode & 0o777), int(status.st_mtime))
            """;
        string before = await NodesAsync();
        await using IAttacked sandbox = await SetUps.StartAsync(SetUps.ContainerAsRoot);

        // The canary: it does change its own.
        AttackedAnswer answer = await sandbox.AskAsync(new(AttackedAction.Run, program), Ct);
        Assert.Equal(string.Concat(Enumerable.Repeat("0o641 1\n", 6)), answer.Output);
        Assert.Equal(before, await NodesAsync());

        static async Task<string> NodesAsync()
        {
            string[] nodes = ["null", "zero", "full", "random", "urandom", "tty"];
            (_, string modes) = await HostRun.CommandAsync("/dev", ["stat", "-c", "%n %a %u %g", .. nodes]);
            (_, string old) = await HostRun.CommandAsync("/dev", ["find", .. nodes, "!", "-newermt", "1980-01-01"]);
            return modes + old;
        }
    }

    [Fact(Timeout = AttackTests.Limit)]
    public async Task Its_system_files_are_neither_the_hosts_nor_its_neighbours()
    {
        Assert.SkipUnless(IsPossible, "Only root has directories of root's.");
        const string look = "print([p for p in PATHS if 'glovebox-attack' in open(p, 'rb').read().decode('latin-1')])";
        const string paths = "PATHS = ['/etc/passwd', '/usr/bin/env', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf']\n";
        const string change = """
            for path in PATHS:
                with open(path, 'a') as file:
                    file.write('# glovebox-attack\n')

            """;
        await using IAttacked sandbox = await SetUps.StartAsync(SetUps.ContainerAsRoot);
        await using IAttacked neighbour = await SetUps.StartAsync(SetUps.ContainerAsRoot);

        // The canary: it does change its own.
        AttackedAnswer answer = await sandbox.AskAsync(new(AttackedAction.Run, paths + change + look), Ct);
        Assert.Equal("['/etc/passwd', '/usr/bin/env', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf']\n", answer.Output);
        Assert.Equal("[]\n", (await neighbour.AskAsync(new(AttackedAction.Run, paths + look), Ct)).Output);
        await using IAttacked later = await SetUps.StartAsync(SetUps.ContainerAsRoot);
        Assert.Equal("[]\n", (await later.AskAsync(new(AttackedAction.Run, paths + look), Ct)).Output);
        Assert.Equal((0, "[]\n"), await HostRun.CommandAsync("/", ["python3", "-c", paths + look]));
    }

    [Theory(Timeout = AttackTests.Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_container_leaves_no_set_id_file_in_a_work_directory_on_the_host(bool isRoots)
    {
        Assert.SkipUnless(IsPossible, "Only root can give a directory away.");
        using TestFolder folder = new();
        if (!isRoots)
        {
            folder.GiveAway();
        }

        await using IAttacked sandbox = await SetUps.InContainerAsync(new() { WorkDirectory = folder.Path }, new());
        Assert.Equal("left\n", (await sandbox.AskAsync(new(AttackedAction.Run, LeavesSetId), Ct)).Output);
        string code = Attack.Load("files/set_id").Code(HostFacts.Current.Values);
        Verdict verdict = Verdict.Of(await sandbox.AskAsync(new(AttackedAction.Run, code), Ct));
        Assert.True(verdict.IsRefused, verdict.Text);
        Assert.Equal(["t"], folder.Entries().Where(e => e == "t"));
        Assert.Empty(folder.SetIdEntries());
    }

    [Fact(Timeout = AttackTests.Limit)]
    public async Task Without_profile_and_filter_it_leaves_one()
    {
        Assert.SkipUnless(IsPossible, "Only root has directories of root's.");
        using TestFolder folder = new();
        await using IAttacked sandbox = await SetUps.InContainerAsync(
            new() { WorkDirectory = folder.Path }, new() { SendsProfile = false, AgentFilters = false });
        Assert.Equal("left\n", (await sandbox.AskAsync(new(AttackedAction.Run, LeavesSetId), Ct)).Output);
        Assert.Equal(["t"], folder.SetIdEntries());
    }
}
