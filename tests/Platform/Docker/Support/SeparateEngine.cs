using System.Diagnostics;

namespace Glovebox.Tests.Platform.Docker.Support;

/// <summary>An engine that a test may kill: in a network namespace of its own, for two engines in one take each other's networks
/// away.</summary>
public sealed class SeparateEngine : IAsyncDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("glovebox-engine-").FullName;
    private Process? _engine;

    private SeparateEngine()
    {
    }

    public string Address => $"unix://{_folder}/docker.sock";

    /// <summary>Starts an engine that has an image of the engine that the other tests use.</summary>
    public static async Task<SeparateEngine> StartAsync(string image)
    {
        SeparateEngine engine = new();
        try
        {
            await engine.StartAsync();
            await DockerCommand.RunAsync("sh", "-c", $"docker save {image} | docker -H {engine.Address} load");
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    public async Task StartAsync()
    {
        _engine = Process.Start(new ProcessStartInfo("unshare",
        [
            "--net", "dockerd", "--host", Address, "--data-root", $"{_folder}/data", "--exec-root", $"{_folder}/exec", "--pidfile", $"{_folder}/pid",
            "--log-level", "error",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _ = _engine.StandardOutput.ReadToEndAsync();
        Task<string> errors = _engine.StandardError.ReadToEndAsync();
        long started = Stopwatch.GetTimestamp();
        while ((await DockerCommand.TryAsync("docker", "-H", Address, "version")).ExitCode != 0)
        {
            Assert.False(_engine.HasExited, _engine.HasExited ? await errors : "");
            Assert.True(Stopwatch.GetElapsedTime(started) < Long, "The engine does not answer.");
        }
    }

    /// <summary>Kills the engine as a crash would: its containers stay for the moment.</summary>
    public async Task KillAsync()
    {
        _engine!.Kill();
        await _engine.WaitForExitAsync();
        File.Delete($"{_folder}/pid");

        // Its containerd dies with it. One that nobody has buried yet would be taken for alive by the next engine.
        File.Delete($"{_folder}/exec/containerd/containerd.pid");
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            if (_engine.HasExited)
            {
                await StartAsync();
            }

            await DockerCommand.TryAsync("sh", "-c", $"docker -H {Address} ps -aq | xargs -r docker -H {Address} rm -f");
            await DockerCommand.TryAsync("kill", _engine.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            await _engine.WaitForExitAsync();
            _engine.Dispose();
        }

        await DockerCommand.TryAsync("sh", "-c", $"grep -o '{_folder}[^ ]*' /proc/mounts | sort -r | xargs -r umount; rm -rf '{_folder}'");
    }
}
