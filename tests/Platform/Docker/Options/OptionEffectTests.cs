using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Options;

/// <summary>What each option does, seen from inside a container of a real engine.</summary>
public sealed class OptionEffectTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Variables_reach_programs_but_not_who_inspects_the_container()
    {
        string name = TestContainers.NewName();
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(
            new() { Image = TestImages.Python, ContainerName = name, Environment = { ["MY_SECRET"] = "a b\n'c'" } });
        Assert.Equal("a b\n'c'", await executor.PrintAsync("python", "import os; print(os.environ['MY_SECRET'])"));
        Assert.DoesNotContain("MY_SECRET", await DockerCommand.RunAsync("docker", "inspect", name), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_network_pip_and_dotnet_have_settings_that_only_root_can_change(bool isReadOnly)
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(
            new() { Image = TestImages.Python, Policy = new() { ReadOnlyRootFilesystem = isReadOnly } });
        Assert.Equal("install.no-warn-script-location='false'\ninstall.quiet='1'", await executor.PrintAsync("sh", "python3 -m pip config list | grep -v :env:"));
        Assert.Equal("no", await executor.PrintAsync("sh", "touch $PIP_CONFIG_FILE /etc/glovebox/new 2>/dev/null && echo yes || echo no"));
        const string Parse = "import os, sys, xml.dom.minidom as dom; print(os.path.basename(sys.argv[1]), dom.parse(sys.argv[1]).documentElement.tagName)";
        Assert.Equal(
            "offline.targets Project\noffline.config configuration",
            await executor.PrintAsync("bash", $"for f in $BeforeMicrosoftNETSdkTargets /etc/glovebox/*.config; do python3 -c '{Parse}' $f; done"));
    }

    [Fact]
    public async Task A_set_up_with_a_network_looks_for_packages_in_it()
    {
        const string Print = "echo \"<$BeforeMicrosoftNETSdkTargets>\"";
        DockerCommandLineCodeExecutorOptions options = new() { Image = TestImages.Python, InitCommand = Print + " >/etc/seen" };
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(options);
        Assert.Equal("<>", await executor.PrintAsync("sh", "cat /etc/seen"));
        Assert.Equal("</etc/glovebox/offline.targets>", await executor.PrintAsync("sh", Print));
        options.Environment["BeforeMicrosoftNETSdkTargets"] = "mine";
        await using DockerCommandLineCodeExecutor own = await TestContainers.StartAsync(options);
        Assert.Equal("<mine> <mine>", await own.PrintAsync("sh", $"echo $(cat /etc/seen; {Print})"));
        await using DockerCommandLineCodeExecutor network = await TestContainers.StartAsync(
            new() { Image = TestImages.Python, Policy = new() { Network = NetworkAccess.Full } });
        Assert.Equal("<>", await network.PrintAsync("sh", Print));
    }

    [Fact]
    public async Task A_container_name_is_the_containers()
    {
        string name = TestContainers.NewName();
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, ContainerName = name });
        Assert.Equal("true", await DockerCommand.RunAsync("docker", "inspect", "-f", "{{.State.Running}}", name));
    }

    [Fact]
    public async Task A_work_directory_is_bound_and_its_files_are_its_owners()
    {
        using TestFolder folder = new();
        folder.GiveAway();
        await File.WriteAllTextAsync(folder["in.txt"], "in", Ct);
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, WorkDir = folder.Path });
        Assert.Equal("/workspace in", await executor.PrintAsync("bash", "echo $PWD $(cat in.txt); echo out > out.txt"));
        Assert.Equal("out\n", await File.ReadAllTextAsync(folder["out.txt"], Ct));
        Assert.Equal(await DockerCommand.RunAsync("stat", "-c", "%u", folder.Path), await DockerCommand.RunAsync("stat", "-c", "%u", folder["out.txt"]));
    }

    [Fact]
    public async Task A_work_directory_that_is_made_belongs_to_guest_code_and_not_to_root()
    {
        using TestFolder folder = new();
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, WorkDir = folder["made"] });
        Assert.NotEqual("0", await executor.PrintAsync("bash", "touch x; id -u"));
        Assert.True(File.Exists(folder["made/x"]));
    }

    [Fact]
    public async Task Without_a_work_directory_nothing_of_the_host_is_bound()
    {
        string name = TestContainers.NewName();
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, ContainerName = name });
        Assert.Equal("volume", await DockerCommand.RunAsync("docker", "inspect", "-f", "{{range .Mounts}}{{.Type}}{{end}}", name));
        await executor.Workspace.WriteAllTextAsync("sub/in.txt", "in", Ct);
        Assert.Equal("in", await executor.PrintAsync("bash", "cat sub/in.txt; echo out > out.txt"));
        Assert.Equal("out\n", await executor.Workspace.ReadAllTextAsync("out.txt", cancellationToken: Ct));
    }

    [Fact]
    public async Task The_engine_may_know_the_work_directory_by_another_name()
    {
        using TestFolder folder = new();
        folder.GiveAway();
        using TestFolder names = new();
        File.CreateSymbolicLink(names["ours"], folder.Path);
        DockerCommandLineCodeExecutorOptions options = new() { Image = TestImages.Python, WorkDir = names["ours"], BindDir = folder.Path };
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(options);
        Assert.Equal(0, (await executor.RunAsync("sh", "touch x")).ExitCode);
        Assert.True(File.Exists(folder["x"]));
    }

    [Fact]
    public async Task A_bind_directory_that_is_another_folder_is_an_error_that_explains_it()
    {
        using TestFolder folder = new();
        using TestFolder other = new();
        folder.GiveAway();
        other.GiveAway();
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(
            () => TestContainers.StartAsync(new() { Image = TestImages.Python, WorkDir = folder.Path, BindDir = other.Path }));
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains("BindDir", e.Hint, StringComparison.Ordinal);
        Assert.Empty(folder.Entries());
        Assert.Empty(other.Entries());
    }

    [Fact]
    public async Task A_work_directory_that_guest_code_cannot_write_is_an_error_that_names_the_user()
    {
        using TestFolder folder = new();
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(
            () => TestContainers.StartAsync(new() { Image = TestImages.Python, WorkDir = folder.Path, Policy = new() { User = "4242" } }));
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains("4242", e.Message, StringComparison.Ordinal);
        Assert.Empty(folder.Entries());
    }

    [Fact]
    public async Task Volumes_are_mounted_for_reading_or_for_writing()
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["data.txt"], "data", Ct);
        await DockerCommand.RunAsync("chmod", "777", folder.Path);
        string volume = TestContainers.NewName();
        try
        {
            await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new()
            {
                Image = TestImages.Python,
                InitCommand = "chmod 777 /mnt/volume",
                ExtraVolumes = { new VolumeMount(folder.Path, "/mnt/read", ReadOnly: true), new VolumeMount(folder.Path, "/mnt/write"), new VolumeMount(volume, "/mnt/volume") },
            });
            Assert.Equal("data refused", await executor.PrintAsync("sh", "echo $(cat /mnt/read/data.txt) $(touch /mnt/read/x 2>/dev/null || echo refused)"));
            Assert.Equal("", await executor.PrintAsync("sh", "touch /mnt/write/y /mnt/volume/z"));
            Assert.Equal(["data.txt", "y"], folder.Entries());
            Assert.Equal(volume, await DockerCommand.RunAsync("docker", "volume", "inspect", "-f", "{{.Name}}", volume));
        }
        finally
        {
            await DockerCommand.TryAsync("docker", "volume", "rm", volume);
        }
    }

    [Fact]
    public async Task Hosts_are_known_by_their_names()
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new()
        {
            Image = TestImages.Python,
            ExtraHosts = { ["custom.service"] = "10.0.0.5", ["the-host"] = "host-gateway" },
        });
        string host = await DockerCommand.HostAddressAsync();
        Assert.Equal($"10.0.0.5 {host}", await executor.PrintAsync(
            "python", "import socket; print(socket.gethostbyname('custom.service'), socket.gethostbyname('the-host'))"));
    }

    [Theory]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task An_init_command_runs_as_root_before_anything_else(string image)
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new()
        {
            Image = image,
            InitCommand = "id -u >/etc/init && groupadd -g 777 made && chown 1234 /etc/init && chmod 644 /etc/init",
        });
        Assert.Equal("0 1234 777", await executor.PrintAsync("sh", "echo $(cat /etc/init) $(stat -c %u /etc/init) $(grep ^made /etc/group | cut -d: -f3)"));
        await executor.RestartAsync(Ct);
        Assert.Equal("0", await executor.PrintAsync("sh", "cat /etc/init"));
    }

    [Theory]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task An_init_command_that_fails_fails_the_start_with_its_words(string image)
    {
        string name = TestContainers.NewName();
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(
            () => TestContainers.StartAsync(new() { Image = image, ContainerName = name, InitCommand = "echo to output; echo to error >&2; exit 7" }));
        Assert.Equal("init-command-failed", e.Code);
        Assert.Contains("exit code 7", e.Message, StringComparison.Ordinal);
        Assert.Contains("to output", e.Message, StringComparison.Ordinal);
        Assert.Contains("to error", e.Message, StringComparison.Ordinal);
        await DockerCommand.IsGoneAsync(name);
    }

    [Fact]
    public async Task An_init_command_is_given_up_with_its_caller()
    {
        string name = TestContainers.NewName();
        using CancellationTokenSource cancellation = new();
        await using DockerCommandLineCodeExecutor executor = new(new() { Image = TestImages.Python, ContainerName = name, InitCommand = "touch /tmp/begun; sleep 600" });
        Task starting = executor.StartAsync(cancellation.Token);
        while ((await DockerCommand.TryAsync("docker", "exec", name, "ls", "/tmp/begun")).ExitCode != 0)
        {
            Assert.False(starting.IsCompleted);
        }

        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting)).CancellationToken);
        await DockerCommand.IsGoneAsync(name);
    }

    [Fact]
    public async Task A_runtime_may_be_named()
    {
        string name = TestContainers.NewName();
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, ContainerName = name, Runtime = "runc" });
        Assert.Equal("runc", await DockerCommand.RunAsync("docker", "inspect", "-f", "{{.HostConfig.Runtime}}", name));
    }

    [Fact]
    public async Task Modules_are_preloaded_and_one_that_is_missing_is_an_error()
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, Preload = { "decimal" } });
        Assert.Equal("True", await executor.PrintAsync("python", "import sys; print('decimal' in sys.modules)"));
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(
            () => TestContainers.StartAsync(new() { Image = TestImages.Python, Preload = { "no_such_module" } }));
        Assert.Equal("preload-failed", e.Code);
    }
}
