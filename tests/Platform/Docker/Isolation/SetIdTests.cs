#pragma warning disable xUnit1069 // What the tests call gives the token on.
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Isolation;

/// <summary>No file with set-user-id or set-group-id bits comes out of a container. The canary: without profile and filter, every way leads
/// to one.</summary>
public sealed class SetIdTests
{
    private const int Longest = 240_000;

    private const string Find = "find . -perm /6000; true";

    private static async Task<(DockerCommandLineCodeExecutor Executor, TestFolder Folder)> StartAsync(
        DockerInternals internals, string image = TestImages.Python, Action<DockerCommandLineCodeExecutorOptions>? configure = null)
    {
        TestFolder folder = new();
        folder.GiveAway();
        DockerCommandLineCodeExecutorOptions options = new() { Image = image, WorkDir = folder.Path };
        configure?.Invoke(options);
        return (await TestContainers.StartAsync(options, internals), folder);
    }

    [Theory(Timeout = Longest)]
    [InlineData(true, true, true)]
    [InlineData(true, true, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    public async Task No_way_leads_to_a_set_id_file(bool usesAgent, bool sendsProfile, bool agentFilters)
    {
        (DockerCommandLineCodeExecutor executor, TestFolder folder) =
            await StartAsync(new() { UsesAgent = usesAgent, SendsProfile = sendsProfile, AgentFilters = agentFilters });
        using (folder)
        await using (executor)
        {
            Assert.Equal("", await executor.PrintAsync("python", SetIdAttack.Program));
            Assert.NotEqual(0, (await executor.RunAsync("bash", "cp /bin/true ./t && chmod 6755 t")).ExitCode);
            Assert.Empty(folder.SetIdEntries());
        }
    }

    [Theory(Timeout = Longest)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_the_walls_every_way_does_and_each_file_is_said_to_have_the_bits(bool usesAgent)
    {
        // In a volume of the engine, so that what lists them is the guest's side.
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(
            internals: new() { UsesAgent = usesAgent, SendsProfile = false, AgentFilters = false });
        Assert.Empty(SetIdAttack.CertainWays.Except((await executor.PrintAsync("python", SetIdAttack.Program)).Split(' ')));
        CodeResult result = await executor.RunAsync("bash", "touch plain user group; chmod 4711 user; chmod 2711 group; chmod 1755 plain");
        Assert.Equal([("group", true), ("plain", false), ("user", true)], result.OutputFiles.Select(f => (f.Path, f.HasSetIdBits)));
    }

    [Fact(Timeout = Longest)]
    public async Task On_podman_the_agent_keeps_them_away()
    {
        string? podman = Environment.GetEnvironmentVariable("GLOVEBOX_TEST_PODMAN");
        Assert.SkipWhen(podman is null, "There is no Podman.");
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, DockerHost = podman });
        Assert.Equal("", await executor.PrintAsync("python", SetIdAttack.Program));
        Assert.Equal("", await executor.PrintAsync("bash", "touch f; chmod 4755 f 2>/dev/null; " + Find));
        ControlCapability control = executor.GetService<SandboxCapabilities>()!.Controls.Single(c => c.Name == "seccomp");
        Assert.Equal((EnforcementLevel.Full, "the engine's profile, and the guest agent's filter"), (control.Level, control.Mechanism));

        await using DockerCommandLineCodeExecutor plain = await TestContainers.StartAsync(
            new() { Image = TestImages.Python, DockerHost = podman }, new() { UsesAgent = false });
        Assert.Equal(EnforcementLevel.Partial, plain.GetService<SandboxCapabilities>()!.Controls.Single(c => c.Name == "seccomp").Level);
    }

    [Fact(Timeout = Longest)]
    public async Task The_set_up_may_make_them_and_guest_code_may_not()
    {
        (DockerCommandLineCodeExecutor executor, TestFolder folder) = await StartAsync(
            new(), configure: o => o.InitCommand = "cp /bin/cat /usr/local/bin/tool && chmod 4755 /usr/local/bin/tool && stat -c %a /usr/local/bin/tool | grep 4755");
        using (folder)
        await using (executor)
        {
            Assert.Equal("4755", await executor.PrintAsync("bash", "stat -c %a /usr/local/bin/tool"));
            Assert.Equal("", await executor.PrintAsync("python", SetIdAttack.Program));
            Assert.Empty(folder.SetIdEntries());
        }
    }

    [Theory(Timeout = Longest)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_package_with_a_set_id_program_is_installed_by_the_set_up_where_the_agent_ends_that(bool usesAgent)
    {
        using TestFolder folder = new();
        Directory.CreateDirectory(folder["package/DEBIAN"]);
        Directory.CreateDirectory(folder["package/usr/bin"]);
        await File.WriteAllTextAsync(
            folder["package/DEBIAN/control"], "Package: marked\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: d\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["package/usr/bin/marked"], "x", TestContext.Current.CancellationToken);
        folder.SetMode("package/usr/bin/marked", "4755");
        await DockerCommand.RunAsync("dpkg-deb", "--root-owner-group", "-b", folder["package"], folder["marked.deb"]);
        Directory.Delete(folder["package"], recursive: true);
        folder.GiveAway();
        DockerCommandLineCodeExecutorOptions options = new() { Image = TestImages.Python, WorkDir = folder.Path, InitCommand = "dpkg -i /workspace/marked.deb" };
        if (!usesAgent)
        {
            SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(
                () => TestContainers.StartAsync(options, new() { UsesAgent = false }));
            Assert.Equal("init-command-failed", e.Code);
            Assert.Contains("Operation not permitted", e.Message, StringComparison.Ordinal);
            return;
        }

        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(options);
        Assert.Equal("4755", await executor.PrintAsync("bash", "stat -c %a /usr/bin/marked"));
    }

    [Theory(Timeout = Longest)]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task Where_no_agent_can_take_that_from_guest_code_the_set_up_may_not_either(string image)
    {
        string name = TestContainers.NewName();
        (DockerCommandLineCodeExecutor executor, TestFolder folder) = await StartAsync(
            new() { UsesAgent = false },
            image,
            o =>
            {
                o.ContainerName = name;
                o.InitCommand = "echo ready > /etc/ready; touch /etc/marked; chmod 4755 /etc/marked || true";
            });
        using (folder)
        await using (executor)
        {
            Assert.Equal("ready 644", await executor.PrintAsync("bash", "echo $(cat /etc/ready) $(stat -c %a /etc/marked)"));
            Assert.NotEqual(0, (await executor.RunAsync("bash", "cp /bin/true ./t && chmod 6755 t")).ExitCode);
            Assert.Empty(folder.SetIdEntries());
        }
    }

    [Fact(Timeout = Longest)]
    public async Task A_second_host_finds_the_walls_where_they_were()
    {
        string name = TestContainers.NewName();
        DockerCommandLineCodeExecutorOptions Options() => new()
        {
            Image = TestImages.Python,
            ContainerName = name,
            StopContainer = false,
            InitCommand = "touch /etc/marked; chmod 4755 /etc/marked",
        };
        try
        {
            await using (DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(Options()))
            {
                await first.PrintAsync("bash", "touch /tmp/mine");
            }

            await using DockerCommandLineCodeExecutor second = await TestContainers.StartAsync(Options());
            Assert.Equal("4755", await second.PrintAsync("bash", "ls /tmp/mine >/dev/null && stat -c %a /etc/marked"));
            Assert.Equal("", await second.PrintAsync("python", SetIdAttack.Program));
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "rm", "-fv", name);
        }
    }

    [Theory(Timeout = Longest)]
    [InlineData("container-failed", "rm /bin/sh")]
    [InlineData("policy-not-enforceable", "rm /run/glovebox/agent")]
    public async Task A_second_host_that_does_not_find_the_agent_does_not_go_on_without_its_wall(string code, string harm)
    {
        string name = TestContainers.NewName();
        DockerCommandLineCodeExecutorOptions Options() => new() { Image = TestImages.Python, ContainerName = name, StopContainer = false, InitCommand = "true" };
        try
        {
            await using (DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(Options()))
            {
                Assert.True(first.GetService<SandboxCapabilities>()!.UsesGuestAgent);

                // While the first host is there: when it leaves, its agent ends what runs, this too.
                await DockerCommand.RunAsync("docker", "exec", "-u", "0", name, "/bin/dash", "-c", harm);
            }

            // An engine that cannot start a program says so in the program's own output.
            CodeExecutionException e = await Assert.ThrowsAnyAsync<CodeExecutionException>(() => TestContainers.StartAsync(Options()));
            Assert.Contains(code, e.Code, StringComparison.Ordinal);
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "rm", "-fv", name);
        }
    }

    [Theory(Timeout = Longest)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_set_up_leaves_in_the_background_is_gone_before_guest_code_runs(bool usesAgent)
    {
        const string Background = "setsid sleep 600 >/dev/null 2>&1 </dev/null &";
        const string Count = "cat /proc/[0-9]*/comm 2>/dev/null | grep -cx sleep";
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(
            new()
            {
                Image = TestImages.Python,
                InitCommand = $"{Background}\nfor i in 1 2 3 4 5 6 7 8 9; do [ \"$({Count})\" = 1 ] && echo left > /etc/left; done; true",
            },
            new() { UsesAgent = usesAgent });
        Assert.Equal("left 0", await executor.PrintAsync("bash", $"echo $(cat /etc/left) $({Count})"));

        // The canary: left in the same way by a block, it is there afterwards.
        await executor.PrintAsync("bash", $"{Background} until [ \"$({Count})\" = 1 ]; do :; done");
        Assert.Equal("1", await executor.PrintAsync("bash", Count));
    }
}
