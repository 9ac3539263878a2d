using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Isolation;

/// <summary>What the default container is like from inside. The canary: the same questions, asked in a container of <c>docker run</c>, are
/// answered otherwise.</summary>
public sealed class DefaultContainerTests
{
    private const string Probe = """
        id -u
        sed -n 's/^CapEff:[[:space:]]*//p; s/^NoNewPrivs:[[:space:]]*//p' /proc/self/status
        cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null
        cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null
        ls /sys/class/net | grep -cv '^lo$'
        ulimit -c
        """;

    private static readonly string[] Locked = ["0000000000000000", "1", "2147483648", "272", "0", "0"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_locked_down(bool usesAgent)
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(internals: new() { UsesAgent = usesAgent });
        Assert.Equal(usesAgent, executor.GetService<SandboxCapabilities>()!.UsesGuestAgent);
        string[] lines = (await executor.RunAsync("sh", Probe)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["1000", .. Locked], lines);
    }

    [Fact]
    public async Task A_container_of_docker_run_is_not()
    {
        string[] lines = (await DockerCommand.TryAsync("docker", "run", "--rm", TestImages.Python, "sh", "-c", Probe)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, lines.Length);

        // The engine's own limit on core files, the last line, may be none already.
        Assert.All(lines.SkipLast(1).Zip(["1000", .. Locked]), pair => Assert.NotEqual(pair.Second, pair.First));
    }

    [Fact]
    public async Task A_program_with_the_setuid_bit_gives_no_rights()
    {
        string name = TestContainers.NewName();
        DockerCommandLineCodeExecutorOptions options = new()
        {
            Image = TestImages.Python,
            ContainerName = name,
            InitCommand = "cp /bin/cat /usr/local/bin/rootcat && chmod 4755 /usr/local/bin/rootcat && echo secret > /root/secret && chmod 600 /root/secret",
        };
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(options);
        CodeResult result = await executor.RunAsync("sh", "rootcat /root/secret");
        Assert.NotEqual(0, result.ExitCode);
        Assert.DoesNotContain("secret\n", result.StandardOutput, StringComparison.Ordinal);

        // The canary: for a guest that may get new privileges, it does. The test's own container has all that the attack needs.
        Assert.Equal("secret", await DockerCommand.RunAsync(
            "docker", "run", "--rm", TestImages.Python, "sh", "-c",
            options.InitCommand + " && exec python3 -c \"import os; os.setuid(1000); os.execv('/usr/local/bin/rootcat', ['rootcat', '/root/secret'])\""));
    }

    [Fact]
    public async Task The_hosts_variables_the_engines_socket_and_the_agent_are_out_of_reach()
    {
        Environment.SetEnvironmentVariable("GLOVEBOX_TEST_SECRET", "of the host");
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync();
        Assert.Equal("", await executor.PrintAsync("bash", "env | grep -c SECRET | grep -v 0; ls /var/run/docker.sock /run/docker.sock 2>/dev/null; true"));
        Assert.Equal("denied", await executor.PrintAsync(
            "python", "import os\ntry:\n    os.listdir('/proc/1/fd')\n    open('/proc/1/mem', 'rb')\n    print('open')\nexcept PermissionError:\n    print('denied')"));
        Assert.Equal("denied", await executor.PrintAsync("python", "import os\ntry:\n    os.kill(1, 9)\n    print('killed')\nexcept PermissionError:\n    print('denied')"));
    }

    [Fact]
    public async Task Temporary_folders_have_a_size()
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, Policy = new() { Memory = 256 << 20 } });
        Assert.Equal("full full", await executor.PrintAsync(
            "bash", "for folder in /tmp /dev/shm; do head -c 80M /dev/zero >$folder/large 2>/dev/null && echo -n 'room ' || echo -n 'full '; rm $folder/large; done"));
        Assert.Equal("room room", await executor.PrintAsync(
            "bash", "for folder in /tmp /dev/shm; do head -c 16M /dev/zero >$folder/large 2>/dev/null && echo -n 'room ' || echo -n 'full '; rm $folder/large; done"));
    }
}
