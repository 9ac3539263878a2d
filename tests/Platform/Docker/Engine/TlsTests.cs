using System.Text.Json;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Engine;

/// <summary>A real engine over TCP with TLS, which the variables of the <c>docker</c> command name.</summary>
public sealed class TlsTests
{
    private static async Task<(int ExitCode, JsonElement Answer)> RunAsync(TlsEngine engine, TestFolder folder, bool verifies = true)
    {
        await File.WriteAllTextAsync(folder["code.py"], "print(6 * 7)", TestContext.Current.CancellationToken);
        string[] variables = verifies ? ["DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH=" + folder.Path] : [];
        (int exitCode, string output, string errors) = await DockerCommand.TryAsync(
            "env", [$"DOCKER_HOST={engine.Address}", .. variables, GloveboxTool.Path, "run", "--executor", "docker", "--image", TestImages.Python, "--json", folder["code.py"]]);
        Assert.Equal("", errors);
        return (exitCode, JsonDocument.Parse(output).RootElement);
    }

    [Fact]
    public async Task Code_runs_when_both_sides_trust_each_other()
    {
        await using TlsEngine engine = await TlsEngine.StartAsync();
        using TestFolder folder = new();
        engine.WriteCertificates(folder.Path);
        (int exitCode, JsonElement answer) = await RunAsync(engine, folder);
        Assert.True(exitCode == 0, answer.ToString());
        Assert.Equal("42\n", answer.GetProperty("output").GetString());
    }

    [Fact]
    public async Task An_engine_of_an_authority_that_is_not_trusted_is_not_used()
    {
        await using TlsEngine engine = await TlsEngine.StartAsync();
        using TestFolder folder = new();
        engine.WriteCertificates(folder.Path, trusts: false);
        (int exitCode, JsonElement answer) = await RunAsync(engine, folder);
        Assert.Equal((125, "docker-tls-invalid"), (exitCode, answer.GetProperty("error").GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_the_engine_does_not_trust_gets_an_error(bool verifies)
    {
        await using TlsEngine engine = await TlsEngine.StartAsync();
        using TestFolder folder = new();
        engine.WriteCertificates(folder.Path, isTrusted: false);
        (int exitCode, JsonElement answer) = await RunAsync(engine, folder, verifies);
        Assert.Equal(125, exitCode);
        Assert.StartsWith("docker-", answer.GetProperty("error").GetProperty("code").GetString(), StringComparison.Ordinal);
    }
}
