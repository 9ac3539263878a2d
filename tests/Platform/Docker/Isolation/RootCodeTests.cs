#pragma warning disable xUnit1069 // What the tests call gives the token on.
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Isolation;

/// <summary>What runs as root in a container before guest code, or beside it, takes no code from the guest.</summary>
public sealed class RootCodeTests
{
    private const int Longest = 240_000;

    /// <summary>Plants modules in the work directory, which say who imported them.</summary>
    private const string Plant = """
        for name in 'ctypes fcntl gc io itertools marshal resource select socket stat struct threading'.split():
            with open(f'/workspace/{name}.py', 'w') as file:
                file.write("open('/tmp/imported', 'a').write(open('/proc/self/status').read())\n")
        print('planted')
        """;

    private static DockerCommandLineCodeExecutorOptions Options(TestFolder folder) =>
        new() { Image = TestImages.Python, WorkDir = folder.Path };

    [Theory(Timeout = Longest)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_agent_imports_nothing_from_a_work_directory_that_an_earlier_guest_had(bool isRoots)
    {
        using TestFolder folder = Folder(isRoots);
        await using (DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(Options(folder)))
        {
            Assert.Equal("planted", await first.PrintAsync("python", Plant));
        }

        await using DockerCommandLineCodeExecutor second = await TestContainers.StartAsync(Options(folder));
        Assert.Equal("on", await second.PrintAsync("bash", "echo on"));
        await ImportsNothingAsync(second);
    }

    [Fact(Timeout = Longest)]
    public async Task An_interpreter_of_the_set_up_imports_nothing_from_the_work_directory()
    {
        using TestFolder folder = Folder(isRoots: false);
        await using (DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(Options(folder)))
        {
            Assert.Equal("planted", await first.PrintAsync("python", Plant));
        }

        DockerCommandLineCodeExecutorOptions options = Options(folder);
        options.InitCommand = "python3 -c 'import ctypes, socket' && pwd > /tmp/place && chmod 644 /tmp/place";
        await using DockerCommandLineCodeExecutor second = await TestContainers.StartAsync(options);
        Assert.Equal("/", await second.PrintAsync("bash", "cat /tmp/place"));
        await ImportsNothingAsync(second);
    }

    [Theory(Timeout = Longest)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_relay_to_an_agent_imports_nothing_from_the_work_directory(bool isRoots)
    {
        string name = TestContainers.NewName();
        using TestFolder folder = Folder(isRoots);
        DockerCommandLineCodeExecutorOptions options = Options(folder);
        options.ContainerName = name;
        options.StopContainer = false;
        try
        {
            await using (DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(options))
            {
                Assert.True(first.GetService<SandboxCapabilities>()!.UsesGuestAgent);
                Assert.Equal("planted", await first.PrintAsync("python", Plant));
            }

            await using DockerCommandLineCodeExecutor second = await TestContainers.StartAsync(options);
            await ImportsNothingAsync(second);
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "rm", "-fv", name);
        }
    }

    [Fact(Timeout = Longest)]
    public async Task A_set_up_in_a_container_that_stays_is_refused_where_guest_code_is_root()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root has directories of root's.");
        string name = TestContainers.NewName();
        using TestFolder folder = new();
        DockerCommandLineCodeExecutorOptions options = Options(folder);
        options.ContainerName = name;
        options.StopContainer = false;
        options.InitCommand = "true";
        options.Policy = new() { Network = NetworkAccess.None };
        await Assert.ThrowsAsync<PolicyNotEnforceableException>(() => TestContainers.StartAsync(options));

        // The canary: what another user owns is no reason to refuse.
        folder.GiveAway();
        try
        {
            await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(options);
            Assert.Equal("4242", await executor.PrintAsync("bash", "id -u"));
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "rm", "-fv", name);
        }
    }

    [Theory(Timeout = Longest)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_guest_that_is_root_does_not_read_what_only_root_may_read_and_the_network_is_looked_at_all_the_same(bool isPodman)
    {
        string? podman = Environment.GetEnvironmentVariable("GLOVEBOX_TEST_PODMAN");
        Assert.SkipWhen(isPodman && podman is null, "There is no Podman.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root has directories of root's.");
        using TestFolder folder = new();
        DockerCommandLineCodeExecutorOptions options = Options(folder);
        options.DockerHost = isPodman ? podman : null;
        options.InitCommand = "true";
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(options);
        const string program = "import os; print(os.getuid(), len(open('/proc/kpagecount', 'rb').read(8)), os.listdir('/sys/devices'))";
        Assert.Equal("0 0 []", await executor.PrintAsync("python", program));

        // The canary: without that, only root may read it.
        await using DockerCommandLineCodeExecutor open = await TestContainers.StartAsync(options, new() { Hardens = false });
        Assert.StartsWith("0 8 [", await open.PrintAsync("python", program), StringComparison.Ordinal);
    }

    private static TestFolder Folder(bool isRoots)
    {
        TestFolder folder = new();
        if (!isRoots)
        {
            folder.GiveAway();
        }

        // As work directories are: what is closed to others would be closed to an agent without capabilities.
        folder.SetMode("", "755");
        return folder;
    }

    private static async Task ImportsNothingAsync(DockerCommandLineCodeExecutor executor)
    {
        const string look = "test -e /tmp/imported && echo imported || echo nothing";
        Assert.True(executor.GetService<SandboxCapabilities>()!.UsesGuestAgent);
        Assert.Equal("nothing", await executor.PrintAsync("bash", look));

        // The canary: a Python that is started in the work directory imports it.
        await executor.RunAsync("bash", "cd /workspace; python3 -c 'import ctypes, socket'");
        Assert.Equal("imported", await executor.PrintAsync("bash", look));
    }
}
