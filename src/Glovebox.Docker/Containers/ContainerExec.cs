using global::Docker.DotNet;
using global::Docker.DotNet.Models;


namespace Glovebox.Docker.Containers;

/// <summary>Starts programs in a container by the engine's own exec.</summary>
/// <param name="client">The engine.</param>
/// <param name="container">The container.</param>
/// <param name="guest">Guest code's user.</param>
/// <param name="variables">The environment variables of guest programs, beyond the container's.</param>
internal sealed class ContainerExec(IDockerClient client, string container, UserId guest, IReadOnlyDictionary<string, string> variables)
{
    private const string Root = "0:0";

    private readonly string _guest = $"{guest.Uid}:{guest.Gid}";
    private readonly string[] _variables = [.. variables.Select(v => $"{v.Key}={v.Value}")];

    /// <summary>Starts a program: guest code's in the work directory, root's outside it, where programs find nothing that guest code left.
    /// The caller disposes what it gets.</summary>
    /// <param name="command">The program, by its path, and its arguments.</param>
    /// <param name="isRoot">Whether it is the container's root, or guest code's user.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    public async Task<RunningExec> StartAsync(IReadOnlyList<string> command, bool isRoot, CancellationToken cancellationToken)
    {
        ContainerExecCreateResponse created = await client.Exec.CreateContainerExecAsync(
            container,
            new ContainerExecCreateParameters
            {
                Cmd = [.. command],
                User = isRoot ? Root : _guest,
                WorkingDir = isRoot ? "/" : ContainerLauncher.WorkDirectory,
                Env = isRoot ? ["HOME=/root", "USER=root", "LOGNAME=root"] : _variables,
                AttachStdin = true,
                AttachStdout = true,
                AttachStderr = true,
            },
            cancellationToken).ConfigureAwait(false);
        MultiplexedStream stream = await client.Exec.StartContainerExecAsync(
            created.ID, new ContainerExecStartParameters(), cancellationToken).ConfigureAwait(false);
        return new RunningExec(client, created.ID, stream);
    }
}

/// <summary>A program that the engine started in a container.</summary>
internal sealed class RunningExec(IDockerClient client, string id, MultiplexedStream stream) : IDisposable
{
    /// <summary>Its input and output.</summary>
    public MultiplexedStream Stream => stream;

    /// <summary>Its exit code; null while it runs, and when the engine does not know it any more.</summary>
    public async Task<int?> ExitCodeAsync(CancellationToken cancellationToken)
    {
        ContainerExecInspectResponse found = await client.Exec.InspectContainerExecAsync(id, cancellationToken).ConfigureAwait(false);
        return found.Running ? null : (int?)found.ExitCode;
    }

    public void Dispose() => stream.Dispose();
}
