using System.Diagnostics;
using System.Net;
using Glovebox.Docker.Engine;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>One container of an engine, which may remove it once it has ended.</summary>
internal sealed class DockerContainer(IDockerClient client, string id, bool removes) : IAsyncDisposable
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RemovalCheck = TimeSpan.FromMilliseconds(20);

    /// <summary>What the engine tells of it.</summary>
    public ContainerWatch Watch { get; } = new(client, id);

    /// <summary>Finds a container by its name or id; null when there is none.</summary>
    public static async Task<ContainerInspectResponse?> FindAsync(IDockerClient client, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await client.Containers.InspectContainerAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Removes a container, whatever it does, and waits until its name is free. A removal that is under way already is not waited
    /// for by the engine, and its client cannot wait for one.</summary>
    public static Task RemoveAsync(IDockerClient client, string id) => TryAsync(async () =>
    {
        long started = Stopwatch.GetTimestamp();
        await TryAsync(() => client.Containers.RemoveContainerAsync(
            id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true })).ConfigureAwait(false);
        while (Stopwatch.GetElapsedTime(started) < LongestEnd
            && await FindAsync(client, id, CancellationToken.None).ConfigureAwait(false) is not null)
        {
            await Task.Delay(RemovalCheck).ConfigureAwait(false);
        }
    });

    /// <inheritdoc cref="RemoveAsync(IDockerClient, string)"/>
    public Task RemoveAsync() => RemoveAsync(client, id);

    /// <summary>Attaches to the streams of its first process.</summary>
    public async Task<ContainerChannel> AttachAsync(bool isInput, CancellationToken cancellationToken)
    {
        ContainerAttachParameters request = new() { Stream = true, Stdin = isInput, Stdout = true, Stderr = true };
        return new(await client.Containers.AttachContainerAsync(id, request, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Starts a program by the engine's own exec: as guest code's user in the work directory with more variables, or, without a
    /// user, as root outside of it, where programs find nothing that guest code left. The caller disposes what it gets.</summary>
    public async Task<RunningExec> StartProgramAsync(
        IReadOnlyList<string> command, UserId? guest, IReadOnlyDictionary<string, string> variables, CancellationToken cancellationToken)
    {
        ContainerExecCreateParameters request = new()
        {
            Cmd = [.. command],
            User = guest is { } user ? $"{user.Uid}:{user.Gid}" : "0:0",
            WorkingDir = guest is null ? "/" : ContainerLauncher.WorkDirectory,
            Env = guest is null ? ["HOME=/root", "USER=root", "LOGNAME=root"] : [.. variables.Select(v => $"{v.Key}={v.Value}")],
            AttachStdin = true,
            AttachStdout = true,
            AttachStderr = true,
        };
        string exec = (await client.Exec.CreateContainerExecAsync(id, request, cancellationToken).ConfigureAwait(false)).ID;
        MultiplexedStream stream = await client.Exec.StartContainerExecAsync(
            exec, new ContainerExecStartParameters(), cancellationToken).ConfigureAwait(false);
        return new RunningExec(client, exec, stream);
    }

    /// <summary>Kills every process of the container, without waiting for anything.</summary>
    public void Kill() => _ = KillAsync();

    /// <summary>Kills every process of the container, waits until they are gone, and removes it if it is of those that are
    /// removed.</summary>
    public Task EndAsync() => removes ? RemoveAsync() : KillAsync();

    /// <summary>Takes all networks from the container.</summary>
    public async Task CutNetworkAsync(CancellationToken cancellationToken)
    {
        ContainerInspectResponse found = await client.Containers.InspectContainerAsync(id, cancellationToken).ConfigureAwait(false);
        foreach (string network in found.NetworkSettings?.Networks?.Keys ?? [])
        {
            await client.Networks.DisconnectNetworkAsync(
                network, new NetworkDisconnectParameters { Container = id, Force = true }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gets how many bytes of memory the container holds; 0 when the engine does not say, or when it has ended.</summary>
    public async Task<long> MemoryInUseAsync()
    {
        MemoryReport report = new();
        await TryAsync(() => client.Containers.GetContainerStatsAsync(
            id, new ContainerStatsParameters { Stream = false, OneShot = true }, report, CancellationToken.None)).ConfigureAwait(false);
        return report.Usage;
    }

    public ValueTask DisposeAsync() => Watch.DisposeAsync();

    private Task KillAsync() =>
        TryAsync(() => client.Containers.KillContainerAsync(id, new ContainerKillParameters { Signal = "SIGKILL" }));

    /// <summary>Asks the engine for something that needs not be when the container has ended already, or when the engine is gone: its
    /// containers end with the stream to them.</summary>
    private static async Task TryAsync(Func<Task> call)
    {
        try
        {
            await call().WaitAsync(LongestEnd).ConfigureAwait(false);
        }
        catch (Exception e) when (EngineErrors.IsLoss(e) || e is OperationCanceledException)
        {
            // There is nothing left to ask for.
        }
    }

    private sealed class MemoryReport : IProgress<ContainerStatsResponse>
    {
        public long Usage { get; private set; }

        public void Report(ContainerStatsResponse value) => Usage = (long)(value.MemoryStats?.Usage ?? 0);
    }
}
