using Glovebox.Tests.Platform.Docker.Support;
using System.Net;
using System.Net.Sockets;
using Glovebox.Docker.Engine;

namespace Glovebox.Tests.Platform.Docker.Engine;

/// <summary>What is wrong with an engine or an image, in words: each provoked, on a real engine where it can be.</summary>
public sealed class EngineErrorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<CodeExecutionException> FailsAsync(DockerCommandLineCodeExecutorOptions options, string code)
    {
        await using DockerCommandLineCodeExecutor executor = new(options);
        CodeExecutionException e = await Assert.ThrowsAnyAsync<CodeExecutionException>(() => executor.StartAsync(Ct)).WaitAsync(TimeSpan.FromMinutes(2), Ct);
        Assert.True(e.Code == code, $"{e.Code}: {e.Message}");
        Assert.False(string.IsNullOrWhiteSpace(e.Hint));
        return e;
    }

    private static Task<CodeExecutionException> FailsOnAsync(FakeEngine engine, string code, PullPolicy pull = PullPolicy.Missing) =>
        FailsAsync(new() { DockerHost = engine.Address, Image = "some/image:1", PullPolicy = pull }, code);

    [Fact]
    public async Task An_engine_that_does_not_run_says_how_to_start_one()
    {
        using TestFolder folder = new();
        CodeExecutionException e = await FailsAsync(new() { DockerHost = "unix://" + folder["none.sock"] }, "docker-unavailable");
        Assert.Contains($"{folder["none.sock"]} (the option DockerHost) (there is no such socket)", e.Message, StringComparison.Ordinal);
        Assert.Contains("systemctl start docker", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_is_an_engine_that_does_not_run()
    {
        using TestFolder folder = new();
        using (Socket left = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(folder["left.sock"]));
        }

        await FailsAsync(new() { DockerHost = "unix://" + folder["left.sock"] }, "docker-unavailable");
    }

    [Fact]
    public void A_socket_that_one_may_not_use_says_how_to_be_allowed_to()
    {
        EngineEndpoint endpoint = new(new Uri("unix:///var/run/docker.sock"), "the default");
        CodeExecutionException? e = EngineErrors.Explain(new HttpRequestException("x", new SocketException((int)SocketError.AccessDenied)), endpoint);
        Assert.Equal("docker-permission-denied", e!.Code);
        Assert.Contains("usermod -aG docker", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_is_too_old_says_so()
    {
        await using FakeEngine engine = new() { Answers = { ("/version", HttpStatusCode.OK, """{"Version":"1.13.1","ApiVersion":"1.26"}""") } };
        Assert.Contains("1.26", (await FailsOnAsync(engine, "docker-too-old")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_of_windows_containers_says_so()
    {
        await using FakeEngine engine = new() { Answers = { ("/info", HttpStatusCode.OK, """{"OSType":"windows"}""") } };
        await FailsOnAsync(engine, "docker-not-linux");
    }

    [Fact]
    public async Task What_is_no_engine_is_an_error_and_no_hang()
    {
        await using FakeEngine engine = new() { Answers = { ("/version", HttpStatusCode.BadGateway, "<html>no</html>") } };
        Assert.Contains("<html>", (await FailsOnAsync(engine, "docker-refused")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_is_missing_and_must_not_be_pulled_says_how_to_get_it()
    {
        CodeExecutionException e = await FailsAsync(new() { Image = "glovebox-test-nowhere:1", PullPolicy = PullPolicy.Never }, "image-missing");
        Assert.Contains("docker pull glovebox-test-nowhere:1", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_cannot_be_pulled_says_so()
    {
        // The name is reserved: no machine has it, with or without the internet.
        CodeExecutionException e = await FailsAsync(new() { Image = "registry.invalid/none:1" }, "image-pull-failed");
        Assert.Contains("registry.invalid/none:1", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pull access denied for some/image, repository does not exist or may require 'docker login'", "image-missing")]
    [InlineData("manifest for some/image:1 not found: manifest unknown", "image-missing")]
    [InlineData("no matching manifest for linux/arm64/v8 in the manifest list entries", "image-platform-mismatch")]
    [InlineData("write /var/lib/docker/tmp/x: no space left on device", "disk-full")]
    [InlineData("Get https://registry-1.docker.io/v2/: dial tcp: lookup registry-1.docker.io: no such host", "image-pull-failed")]
    public async Task A_pull_that_fails_says_why(string said, string code)
    {
        string json = System.Text.Json.JsonSerializer.Serialize(said);
        await using FakeEngine asAnswer = new()
        {
            Answers =
            {
                ("/images/some/image:1/json", HttpStatusCode.NotFound, """{"message":"No such image"}"""),
                ("/images/create", HttpStatusCode.InternalServerError, $$"""{"message":{{json}}}"""),
            },
        };
        Assert.Contains("some/image:1", (await FailsOnAsync(asAnswer, code)).Message, StringComparison.Ordinal);

        // Once a pull has begun, its failure comes as one more piece of progress.
        await using FakeEngine asProgress = new()
        {
            Answers =
            {
                ("/images/some/image:1/json", HttpStatusCode.NotFound, """{"message":"No such image"}"""),
                ("/images/create", HttpStatusCode.OK, $$$"""{"status":"Pulling"}{"errorDetail":{"message":{{{json}}}},"error":{{{json}}}}"""),
            },
        };
        await FailsOnAsync(asProgress, code);
    }

    [Fact]
    public async Task An_image_of_another_system_says_so()
    {
        await using FakeEngine engine = new() { Answers = { ("/images/some/image:1/json", HttpStatusCode.OK, """{"Os":"windows","Architecture":"amd64"}""") } };
        await FailsOnAsync(engine, "image-platform-mismatch");
    }

    [Theory]
    [InlineData("no space left on device", "disk-full")]
    [InlineData("could not select device driver \"nvidia\" with capabilities: [[gpu]]", "device-unavailable")]
    [InlineData("unknown or invalid runtime name: x", "runtime-missing")]
    [InlineData("Conflict. The container name \"/x\" is already in use by container \"1\"", "container-name-conflict")]
    [InlineData("bind source path does not exist: /x", "mount-failed")]
    [InlineData("something else", "docker-refused")]
    public async Task An_engine_that_refuses_a_container_says_why(string said, string code)
    {
        await using FakeEngine engine = new()
        {
            Answers = { ("/containers/create", HttpStatusCode.InternalServerError, $$"""{"message":{{System.Text.Json.JsonSerializer.Serialize(said)}}}""") },
        };
        Assert.Contains(said.Split('"')[0], (await FailsOnAsync(engine, code)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_for_another_processor_says_so_when_its_programs_cannot_be_executed()
    {
        using TestFolder folder = new();
        string image = $"glovebox-test-foreign-{Guid.NewGuid():n}";
        await DockerCommand.RunAsync("sh", "-c", $"""
            mkdir -p '{folder["root/bin"]}' && printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\377\377' > '{folder["root/bin/sh"]}' && chmod 755 '{folder["root/bin/sh"]}' &&
                tar -C '{folder["root"]}' -c . | docker import - {image}
            """);
        try
        {
            await FailsAsync(new() { Image = image, PullPolicy = PullPolicy.Never }, "image-platform-mismatch");
        }
        finally
        {
            await DockerCommand.RunAsync("docker", "rmi", image);
        }
    }

    [Fact]
    public async Task An_image_without_a_shell_says_so()
    {
        string image = $"glovebox-test-empty-{Guid.NewGuid():n}";
        await DockerCommand.RunAsync("sh", "-c", $"mkdir /tmp/{image} && echo x > /tmp/{image}/file && tar -C /tmp/{image} -c . | docker import - {image}; rm -r /tmp/{image}");
        try
        {
            await FailsAsync(new() { Image = image, PullPolicy = PullPolicy.Never }, "image-unusable");
        }
        finally
        {
            await DockerCommand.RunAsync("docker", "rmi", image);
        }
    }

    [Fact]
    public async Task A_runtime_that_the_engine_does_not_have_is_named_with_those_that_it_has()
    {
        CodeExecutionException e = await FailsAsync(new() { Image = TestImages.Python, Runtime = "nothing" }, "runtime-missing");
        Assert.Contains("runc", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Devices_without_their_driver_are_an_error_that_says_what_to_install()
    {
        DockerCommandLineCodeExecutorOptions options = new() { Image = TestImages.Python, DeviceRequests = { new DeviceRequest { Driver = "glovebox-none", Count = -1, Capabilities = { "gpu" } } } };
        Assert.Contains("DeviceRequests", (await FailsAsync(options, "device-unavailable")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_of_disk_space_that_the_storage_driver_cannot_keep_is_refused()
    {
        DockerCommandLineCodeExecutorOptions options = new() { Image = TestImages.Python, Policy = new() { DiskSpace = 1 << 30 } };
        await using DockerCommandLineCodeExecutor executor = new(options);
        try
        {
            await executor.StartAsync(Ct);
        }
        catch (PolicyNotEnforceableException e)
        {
            Assert.Contains("DiskSpace", e.Message, StringComparison.Ordinal);
            return;
        }

        // On an engine that can, it holds.
        foreach (string place in new[] { "~/large", "large" })
        {
            CodeResult result = await executor.ExecuteCodeBlocksAsync([new("bash", $"head -c 2G /dev/zero > {place}")], Ct);
            Assert.NotEqual(0, result.ExitCode);
        }
    }

    [Fact]
    public async Task A_limit_of_disk_space_with_a_work_directory_of_the_host_is_refused()
    {
        using TestFolder folder = new();
        await FailsAsync(new() { Image = TestImages.Python, WorkDir = folder.Path, Policy = new() { DiskSpace = 1 << 30 } }, "policy-not-enforceable");
    }

    [Fact]
    public async Task A_volume_whose_directory_does_not_exist_says_so_and_does_not_make_it()
    {
        using TestFolder folder = new();
        await FailsAsync(new() { Image = TestImages.Python, ExtraVolumes = { new VolumeMount(folder["missing"], "/mnt/data") } }, "mount-failed");
        Assert.Empty(folder.Entries());
    }
}
