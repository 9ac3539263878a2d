using System.Diagnostics;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.LifeCycle;

/// <summary>When a container ends, stays, and is found again.</summary>
public sealed class ContainerLifeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static DockerCommandLineCodeExecutorOptions Options(string name, bool removes = true, bool stops = true, string image = TestImages.Python) =>
        new() { Image = image, ContainerName = name, AutoRemove = removes, StopContainer = stops, PullPolicy = PullPolicy.Never };

    private static async Task<string> StateAsync(string name) =>
        (await DockerCommand.TryAsync("docker", "inspect", "-f", "{{.State.Status}}", name)).Output.Trim() is { Length: > 0 } state ? state : "gone";

    [Theory]
    [InlineData(true, true, "gone")]
    [InlineData(false, true, "exited")]
    [InlineData(true, false, "running")]
    [InlineData(false, false, "running")]
    public async Task It_is_stopped_and_removed_as_the_options_say(bool removes, bool stops, string state)
    {
        string name = TestContainers.NewName();
        try
        {
            await using (DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(Options(name, removes, stops)))
            {
                Assert.Equal("on", await executor.PrintAsync("sh", "echo on"));
            }

            Assert.Equal(state, await StateAsync(name));
            if (!stops)
            {
                await DockerCommand.RunAsync("docker", "kill", name);
                if (removes)
                {
                    await DockerCommand.IsGoneAsync(name);
                }
                else
                {
                    Assert.Equal("exited", await StateAsync(name));
                }
            }
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "rm", "-f", "-v", name);
        }
    }

    [Theory]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task One_that_stays_is_attached_to_again_with_its_files_and_without_its_processes(string image)
    {
        string name = TestContainers.NewName();
        string marker = HostProcesses.NewMarker();
        try
        {
            DockerCommandLineCodeExecutorOptions options = Options(name, stops: false, image: image);
            options.InitCommand = "echo once >>/etc/begun; chmod 644 /etc/begun";
            await using (DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(options))
            {
                await first.PrintAsync("bash", $"echo kept >file; echo kept >~/home; (exec -a {marker} sleep 600) >/dev/null 2>&1 &");
                await HostProcesses.AppearsAsync(marker);
            }

            string id = await DockerCommand.RunAsync("docker", "inspect", "-f", "{{.Id}}", name);
            await using (DockerCommandLineCodeExecutor second = await TestContainers.StartAsync(options))
            {
                await HostProcesses.AreGoneAsync(marker);
                Assert.Equal("kept kept once", await second.PrintAsync("bash", "echo $(cat file ~/home /etc/begun)"));
                Assert.Equal(id, await DockerCommand.RunAsync("docker", "inspect", "-f", "{{.Id}}", name));
                Assert.Equal(124, (await second.RunAsync("bash", "exit 124")).ExitCode);
                await second.RestartAsync(Ct);
                Assert.Equal("kept", await second.PrintAsync("bash", "cat file"));
            }

            // A time that runs out ends the code, and not the connection.
            options.Timeout = TimeSpan.FromSeconds(5);
            await using (DockerCommandLineCodeExecutor third = await TestContainers.StartAsync(options))
            {
                Running running = new(third.ExecuteCodeBlocksStreamingAsync([new("bash", $"cat file; (setsid bash -c 'exec -a {marker} sleep 600' &); exec sleep 600")], Ct));
                await HostProcesses.AppearsAsync(marker);
                CodeResult result = await running.Completion;
                Assert.True(result.Blocks[0].TimedOut, result.Output);
                await HostProcesses.AreGoneAsync(marker);
                Assert.Equal("kept", await third.PrintAsync("bash", "cat file"));
                Assert.Equal(id, await DockerCommand.RunAsync("docker", "inspect", "-f", "{{.Id}}", name));
            }

            // Other options make another container.
            options.Policy = new() { Memory = 64 << 20 };
            await using DockerCommandLineCodeExecutor other = await TestContainers.StartAsync(options);
            Assert.NotEqual(0, (await other.RunAsync("bash", "cat file")).ExitCode);
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "rm", "-f", "-v", name);
        }
    }

    [Fact]
    public async Task Anyone_elses_container_of_the_name_is_an_error_and_is_left_alone()
    {
        string name = TestContainers.NewName();
        await DockerCommand.RunAsync("docker", "run", "-d", "--name", name, "--network", "none", TestImages.Shell, "sleep", "600");
        try
        {
            SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => TestContainers.StartAsync(Options(name)));
            Assert.Equal("container-name-conflict", e.Code);
            Assert.Contains($"docker rm -f {name}", e.Hint, StringComparison.Ordinal);
            Assert.Equal("running", await StateAsync(name));
        }
        finally
        {
            await DockerCommand.RunAsync("docker", "rm", "-f", name);
        }
    }

    [Fact]
    public async Task One_that_another_living_executor_uses_is_an_error_and_is_left_alone()
    {
        string name = TestContainers.NewName();
        await using DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(Options(name));
        Assert.Equal("container-name-conflict", (await Assert.ThrowsAsync<SandboxUnavailableException>(() => TestContainers.StartAsync(Options(name)))).Code);
        Assert.Equal("on", await first.PrintAsync("sh", "echo on"));
    }

    [Fact]
    public async Task One_that_an_earlier_run_left_is_replaced()
    {
        string name = TestContainers.NewName();
        try
        {
            await using (DockerCommandLineCodeExecutor first = await TestContainers.StartAsync(Options(name, removes: false)))
            {
                await first.PrintAsync("sh", "touch ~/old");
            }

            Assert.Equal("exited", await StateAsync(name));
            await using DockerCommandLineCodeExecutor second = await TestContainers.StartAsync(Options(name));
            Assert.Equal("", await second.PrintAsync("sh", "ls ~"));
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "rm", "-f", "-v", name);
        }
    }

    [Fact]
    public async Task A_restart_gives_a_fresh_container_and_keeps_the_work_directory()
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync();
        await executor.PrintAsync("bash", "echo kept >file; touch ~/gone /tmp/gone");
        await executor.RestartAsync(Ct);
        Assert.Equal("kept", await executor.PrintAsync("bash", "cat file; ls ~ /tmp | grep gone; true"));
        await executor.StopAsync(Ct);
        await executor.StartAsync(Ct);
        Assert.Equal("kept", await executor.PrintAsync("bash", "cat file"));
    }

    [Fact]
    public async Task Nothing_is_left_of_an_executor_that_was_disposed()
    {
        string name = TestContainers.NewName();
        DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(Options(name));
        string volume = await DockerCommand.RunAsync("docker", "inspect", "-f", "{{range .Mounts}}{{.Name}}{{end}}", name);
        await executor.PrintAsync("sh", "touch x");
        await executor.DisposeAsync();
        Assert.False(await DockerCommand.ExistsAsync(name));
        Assert.NotEqual(0, (await DockerCommand.TryAsync("docker", "volume", "inspect", volume)).ExitCode);
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("rm -f")]
    [InlineData("stop -t 0")]
    public async Task A_container_that_is_ended_from_outside_during_a_run_is_an_error_that_says_so(string how)
    {
        string name = TestContainers.NewName();
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(Options(name));
        Running running = new(executor.ExecuteCodeBlocksStreamingAsync([new("sh", "echo ready; sleep 600")], Ct));
        await running.PrintsAsync("ready");
        await DockerCommand.RunAsync("docker", [.. how.Split(' '), name]);
        SandboxLostException e = await Assert.ThrowsAsync<SandboxLostException>(() => running.Completion).WaitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.Contains("from outside", e.Message, StringComparison.Ordinal);
        Assert.Equal("on", await executor.PrintAsync("sh", "echo on"));
    }

    [Fact]
    public async Task When_the_hosts_process_is_killed_the_container_vanishes()
    {
        string marker = HostProcesses.NewMarker();
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["code.sh"], $"(exec -a {marker} sleep 600) & echo ready; trap '' TERM; wait; sleep 600", Ct);
        using Process tool = Process.Start(new ProcessStartInfo(GloveboxTool.Path, ["run", "--executor", "docker", "--image", TestImages.Python, "--language", "bash", folder["code.sh"]])
        {
            RedirectStandardOutput = true,
        })!;
        Assert.Contains("ready", await ReadUntilAsync(tool.StandardOutput, "ready"), StringComparison.Ordinal);
        await HostProcesses.AppearsAsync(marker);
        string id = (await DockerCommand.RunAsync("docker", "ps", "--filter", "label=glovebox.owner", "--format", "{{.ID}} {{.Label \"glovebox.owner\"}}"))
            .Split('\n').Single(l => l.Contains($"/{tool.Id}/", StringComparison.Ordinal)).Split(' ')[0];
        tool.Kill();
        await Eventually.HoldsAsync(() => HostProcesses.With(marker).Count == 0, "the guest is gone");
        await DockerCommand.IsGoneAsync(id);
    }

    private static async Task<string> ReadUntilAsync(StreamReader reader, string text)
    {
        string read = "";
        while (!read.Contains(text, StringComparison.Ordinal) && await reader.ReadLineAsync(Ct) is { } line)
        {
            read += line + "\n";
        }

        return read;
    }

    [Fact]
    public async Task What_a_killed_process_left_in_the_engine_goes_with_the_next_start()
    {
        string volume = TestContainers.NewName();
        string living = TestContainers.NewName();
        using Glovebox.Docker.Containers.ContainerOwner owner = new();
        string dead = owner.ToString().Replace($"/{Environment.ProcessId}/", "/4194304/", StringComparison.Ordinal);
        await DockerCommand.RunAsync("docker", "volume", "create", "--label", $"glovebox.owner={dead}", volume);
        await DockerCommand.RunAsync("docker", "volume", "create", "--label", $"glovebox.owner={owner}", living);
        try
        {
            await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync();
            long started = Stopwatch.GetTimestamp();
            while ((await DockerCommand.TryAsync("docker", "volume", "inspect", volume)).ExitCode == 0)
            {
                Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "The volume is still there.");
            }

            Assert.Equal(living, await DockerCommand.RunAsync("docker", "volume", "inspect", "-f", "{{.Name}}", living));
        }
        finally
        {
            await DockerCommand.RunAsync("docker", "volume", "rm", living);
        }
    }
}
