using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Isolation;

/// <summary>Each limit of a policy, seen from inside.</summary>
public sealed class PolicyTests
{
    private static Task<DockerCommandLineCodeExecutor> StartAsync(ExecutionPolicy policy, string image = TestImages.Python) =>
        TestContainers.StartAsync(new() { Image = image, Policy = policy });

    [Theory]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task Memory_that_runs_out_is_said_so_and_the_next_block_runs(string image)
    {
        const string Filler = "head -c 300M /dev/zero | tail | cat >/dev/null; exit ${PIPESTATUS[1]}";
        await using DockerCommandLineCodeExecutor executor = await StartAsync(new() { Memory = 128 << 20 }, image);
        BlockResult block = (await executor.RunAsync("bash", Filler)).Blocks[0];
        Assert.Equal((137, TerminationReason.OutOfMemory), (block.ExitCode, block.Termination));
        Assert.Contains("the limit is 128 MiB", block.Output, StringComparison.Ordinal);
        Assert.Equal("on", await executor.PrintAsync("sh", "echo on"));

        // A program that is killed for another reason has not run out of memory.
        Assert.Equal(TerminationReason.Signaled, (await executor.RunAsync("sh", "kill -9 $$")).Blocks[0].Termination);

        await using DockerCommandLineCodeExecutor canary = await StartAsync(new() { Memory = 1 << 30 }, image);
        Assert.Equal(0, (await canary.RunAsync("bash", Filler)).ExitCode);
    }

    [Fact]
    public async Task Shared_memory_that_fills_the_container_does_not_fail_the_blocks_after_it()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(new() { Memory = 128 << 20 });
        await executor.RunAsync("bash", "head -c 32M /dev/zero >/tmp/a; head -c 16M /dev/zero >/dev/shm/b; python3 -c 'x = bytearray(200 << 20)'");
        Assert.Equal("on", await executor.PrintAsync("python", "print('on')"));
    }

    [Fact]
    public async Task Processes_are_limited_and_what_used_them_up_goes()
    {
        const string Forks = "import os, time\nn = 0\ntry:\n    while n < 60:\n        if os.fork() == 0:\n            time.sleep(600)\n        n += 1\nexcept BlockingIOError:\n    pass\nprint(n)";
        await using DockerCommandLineCodeExecutor executor = await StartAsync(new() { MaxProcesses = 20 });
        Assert.InRange(int.Parse(await executor.PrintAsync("python", Forks), null), 10, 40);
        Assert.Equal("on", await executor.PrintAsync("sh", "echo on"));
        await using DockerCommandLineCodeExecutor canary = await StartAsync(new() { MaxProcesses = 200 });
        Assert.Equal("60", await canary.PrintAsync("python", Forks));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1.5)]
    public async Task Processor_time_is_limited(double cpus)
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(new() { Cpus = cpus });
        string[] words = (await executor.RunAsync(
            "sh", "cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us")).Output.Split();
        Assert.Equal(cpus, double.Parse(words[0], null) / double.Parse(words[1], null));
    }

    [Fact]
    public async Task A_read_only_root_leaves_the_work_directory_the_home_and_the_temporary_folders()
    {
        const string Writes = "for folder in /usr/local /etc /var /workspace $HOME /tmp /var/tmp /dev/shm; do touch $folder/x 2>/dev/null && echo -n \"$folder \"; done; true";
        await using DockerCommandLineCodeExecutor executor = await StartAsync(new() { ReadOnlyRootFilesystem = true });
        Assert.Equal("/workspace /home/glovebox /tmp /var/tmp /dev/shm", await executor.PrintAsync("bash", Writes));
        Assert.Equal("1", await executor.PrintAsync("sh", "grep -c ' / .* ro,' /proc/mounts"));
        await using DockerCommandLineCodeExecutor canary = await StartAsync(new());
        Assert.Equal("0", (await canary.RunAsync("sh", "grep -c ' / .* ro,' /proc/mounts")).Output.Trim());
    }

    [Fact]
    public async Task A_user_may_be_chosen()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(new() { User = "4321:8765" });
        Assert.Equal("4321 8765 4321 8765", await executor.PrintAsync("sh", "touch x; echo $(id -u) $(id -g) $(stat -c '%u %g' x)"));
    }

    [Fact]
    public async Task Output_is_bounded()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(new() { MaxOutput = 4096 }, TestImages.Shell);
        BlockResult block = (await executor.RunAsync("bash", "yes | head -c 50M; echo end")).Blocks[0];
        Assert.True(block.Truncated);
        Assert.EndsWith("end\n", block.Output, StringComparison.Ordinal);
        Assert.InRange(block.Output.Length, 4000, 4400);
    }
}
