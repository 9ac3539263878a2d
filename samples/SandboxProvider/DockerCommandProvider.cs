using System.Diagnostics;
using System.Globalization;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agent;
using Nerdbank.Streams;

namespace Glovebox.Samples;

/// <summary>Starts containers by the <c>docker</c> command: all that a provider needs is a byte stream to a place with Python.</summary>
/// <remarks><c>Glovebox.Docker</c> does much more; this is here to show how little a provider of your own takes.</remarks>
public sealed class DockerCommandProvider(string image) : ISandboxProvider
{
    public string Kind => "docker-command";

    public async Task<ISandbox> StartAsync(SandboxRequest request, CancellationToken cancellationToken = default)
    {
        // What was asked for and is not done here is an error.
        ExecutionPolicy policy = request.Policy;
        if (policy.Network != NetworkAccess.None || policy.DiskSpace is not null || policy.User is not null)
        {
            throw new PolicyNotEnforceableException("Network, quota and user cannot be chosen here.", "Set Network = None.");
        }

        Home home = request.Keep(() => new Home(request.WorkDirectory));
        string name = $"glovebox-sample-{Guid.NewGuid():n}";
        string user = await home.PrepareAsync(image, cancellationToken);
        ProcessStartInfo start = new("docker",
        [
            "run", "--interactive", "--rm", "--name", name, "--hostname", "glovebox", "--user", user, "--network", "none",
            "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", Text(policy.Memory ?? ExecutionPolicy.DefaultMemory),
            "--memory-swap", Text(policy.Memory ?? ExecutionPolicy.DefaultMemory),
            "--pids-limit", Text(policy.MaxProcesses ?? ExecutionPolicy.DefaultMaxProcesses), "--cpus", Text(policy.Cpus ?? 0),
            .. policy.ReadOnlyRootFilesystem == true ? (string[])["--read-only", "--tmpfs", "/tmp:mode=1777,exec"] : [],
            "--mount", home.Mount, "--workdir", "/", "--env", "HOME=/tmp", "--env", "LANG=C.UTF-8", "--env", "PYTHONUNBUFFERED=1",
            "--entrypoint", "python3", image, "-c", AgentSandbox.Bootstrap,
        ])
        { RedirectStandardInput = true, RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        Stream channel = FullDuplexStream.Splice(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
        return await AgentSandbox.StartAsync(channel, new Container(name, process, policy), Capabilities, request, cancellationToken);
    }

    private static SandboxCapabilities Capabilities { get; } = new()
    {
        Kind = "docker-command",
        IsIsolated = true,
        UsesGuestAgent = true,
        Controls = [new("memory", EnforcementLevel.Full, "--memory"), new("network", EnforcementLevel.Full, "--network none")],
    };

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    private static async Task<string> DockerAsync(string[] arguments, CancellationToken cancellationToken = default)
    {
        ProcessStartInfo start = new("docker", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? output.Trim() : throw new SandboxUnavailableException("docker-failed", (await errors).Trim());
    }

    /// <summary>The container, as the place that the sandbox stands on.</summary>
    private sealed class Container(string name, Process process, ExecutionPolicy policy) : SandboxPlace
    {
        public override string Kind => "docker-command";

        public override long Memory => policy.Memory ?? ExecutionPolicy.DefaultMemory;

        public override void Kill() => _ = DockerAsync(["kill", name]);

        // The end of its standard input has ended it by now.
        public override async ValueTask DisposeAsync() => await process.WaitForExitAsync();
    }

    /// <summary>What outlives the containers of one executor: its files, in a folder of the host or a volume.</summary>
    private sealed class Home(string? folder) : IAsyncDisposable
    {
        private bool _isOurs;
        private readonly string _volume = $"glovebox-sample-{Guid.NewGuid():n}";

        public string Mount =>
            (folder is null ? $"type=volume,source={_volume}" : $"type=bind,source={Path.GetFullPath(folder)}") + ",target=/workspace";

        /// <summary>Makes the folder or the volume, and gives its owner, who guest code is.</summary>
        public async Task<string> PrepareAsync(string image, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _isOurs |= folder is null || !Directory.Exists(folder);
            _ = folder is null ? null : Directory.CreateDirectory(folder);
            string script = (_isOurs ? "chown 1000:1000 /workspace; " : "") + "stat -c %u:%g /workspace";
            string[] arguments = ["run", "--rm", "--network", "none", "--mount", Mount, "--entrypoint", "sh", image, "-c", script];
            string user = await DockerAsync(arguments, cancellationToken);
            return !user.StartsWith("0:") ? user : throw new SandboxUnavailableException("root", $"'{folder}' belongs to root.");
        }

        public async ValueTask DisposeAsync() => _ = folder is null ? await DockerAsync(["volume", "rm", "--force", _volume]) : "";
    }
}
