using System.Text.Json;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker;

/// <summary>The tool with a real engine.</summary>
public sealed class ToolTests
{
    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string code, params string[] arguments)
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["code.py"], code, TestContext.Current.CancellationToken);
        return await DockerCommand.TryAsync(GloveboxTool.Path, ["run", .. arguments, folder["code.py"]]);
    }

    [Fact]
    public async Task It_runs_code_in_a_container_of_the_image()
    {
        (int exitCode, string output, string _) = await RunAsync("print(6 * 7)", "--executor", "docker", "--image", TestImages.Python, "--json");
        Assert.Equal(0, exitCode);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(("docker", "42\n"), (root.GetProperty("executor").GetString(), root.GetProperty("output").GetString()));
    }

    [Fact]
    public async Task An_image_chooses_docker_by_itself()
    {
        (int exitCode, string output, string _) = await RunAsync("import os; print(os.path.exists('/.dockerenv'))", "--image", TestImages.Python, "--json");
        Assert.Equal(0, exitCode);
        Assert.Equal("True\n", JsonDocument.Parse(output).RootElement.GetProperty("output").GetString());
    }

    [Fact]
    public async Task An_error_has_its_code_and_its_hint()
    {
        (int exitCode, string output, string errors) = await RunAsync("print(1)", "--executor", "docker", "--image", "registry.invalid/none:1", "--json");
        Assert.Equal(125, exitCode);
        JsonElement error = JsonDocument.Parse(output).RootElement.GetProperty("error");
        Assert.Equal("image-pull-failed", error.GetProperty("code").GetString());
        Assert.Contains("docker pull", error.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Equal("", errors);
    }

    [Fact]
    public async Task Doctor_tells_of_the_engine()
    {
        (int exitCode, string output, string _) = await DockerCommand.TryAsync(GloveboxTool.Path, "doctor", "--json");
        Assert.Equal(0, exitCode);
        JsonElement docker = JsonDocument.Parse(output).RootElement.GetProperty("executors").EnumerateArray().Single(e => e.GetProperty("name").GetString() == "docker");
        Assert.True(docker.GetProperty("available").GetBoolean());
        Assert.True(docker.GetProperty("isolated").GetBoolean());
        Assert.Equal(await DockerCommand.RunAsync("docker", "version", "-f", "{{.Server.Version}}"), docker.GetProperty("version").GetString());
        Assert.Contains(docker.GetProperty("controls").EnumerateArray(), c => c.GetProperty("name").GetString() == "memory");
    }

    [Fact]
    public async Task Without_an_engine_doctor_and_run_say_the_same()
    {
        using TestFolder folder = new();
        string host = "DOCKER_HOST=unix://" + folder["none.sock"];
        await File.WriteAllTextAsync(folder["code.py"], "print(1)", TestContext.Current.CancellationToken);
        (int exitCode, string ran, string _) = await DockerCommand.TryAsync("env", host, GloveboxTool.Path, "run", "--executor", "docker", "--json", folder["code.py"]);
        Assert.Equal(125, exitCode);
        JsonElement error = JsonDocument.Parse(ran).RootElement.GetProperty("error");
        Assert.Equal("docker-unavailable", error.GetProperty("code").GetString());
        string told = (await DockerCommand.TryAsync("env", host, GloveboxTool.Path, "doctor", "--json")).Output;
        JsonElement docker = JsonDocument.Parse(told).RootElement.GetProperty("executors").EnumerateArray().Single(e => e.GetProperty("name").GetString() == "docker");
        Assert.False(docker.GetProperty("available").GetBoolean());
        Assert.Equal(error.GetProperty("message").GetString(), docker.GetProperty("reason").GetString());
        Assert.Equal(error.GetProperty("hint").GetString(), docker.GetProperty("hint").GetString());
    }

    [Fact]
    public async Task A_user_without_the_right_to_the_socket_is_told_how_to_get_it()
    {
        // The tool as nobody, from a copy that nobody may read, on the engine's own socket.
        string copy = Directory.CreateTempSubdirectory("glovebox-test-").FullName;
        try
        {
            await DockerCommand.RunAsync("sh", "-c", $"cp -r '{Path.GetDirectoryName(GloveboxTool.Path)}' '{copy}/tool' && chmod -R a+rX '{copy}' && printf 'print(1)' >'{copy}/code.py'");
            (int exitCode, string output, string errors) = await DockerCommand.TryAsync(
                "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "HOME=/nonexistent", "DOTNET_ROOT=" + DotnetRoot,
                $"{copy}/tool/glovebox", "run", "--executor", "docker", "--image", TestImages.Python, "--json", $"{copy}/code.py");
            Assert.True(exitCode == 125, errors);
            JsonElement error = JsonDocument.Parse(output).RootElement.GetProperty("error");
            Assert.Equal("docker-permission-denied", error.GetProperty("code").GetString());
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static string DotnetRoot =>
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
}
