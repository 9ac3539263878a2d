using System.Net;
using Glovebox.Docker.Engine;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>One container of an engine.</summary>
internal sealed class DockerContainer : IAsyncDisposable
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    private readonly EngineConnection _engine;
    private readonly bool _removes;

    private DockerContainer(EngineConnection engine, string id, bool removes)
    {
        _engine = engine;
        _removes = removes;
        Id = id;
        Watch = new ContainerWatch(engine.Client, id);
    }

    public string Id { get; }

    /// <summary>What the engine tells of it.</summary>
    public ContainerWatch Watch { get; }

    /// <summary>Makes a container and starts it.</summary>
    /// <returns>It, and the stream to its first process.</returns>
    /// <exception cref="CodeExecutionException">The engine refuses.</exception>
    public static async Task<(DockerContainer Container, ContainerChannel Channel)> StartAsync(
        EngineConnection engine, CreateContainerParameters request, CancellationToken cancellationToken)
    {
        CreateContainerResponse created = await engine.Client.Containers.CreateContainerAsync(
            request, cancellationToken).ConfigureAwait(false);
        DockerContainer container = new(engine, created.ID, request.HostConfig?.AutoRemove ?? false);
        ContainerChannel? channel = null;
        try
        {
            channel = await container.AttachAsync(isInput: true, cancellationToken).ConfigureAwait(false);
            await engine.Client.Containers.StartContainerAsync(created.ID, null, cancellationToken).ConfigureAwait(false);
            return (container, channel);
        }
        catch
        {
            // One that never ran is nothing that anybody would want to look at.
            await container.RemoveAsync().ConfigureAwait(false);
            if (channel is not null)
            {
                await channel.DisposeAsync().ConfigureAwait(false);
            }

            await container.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes over a container that runs already.</summary>
    public static DockerContainer Existing(EngineConnection engine, ContainerInspectResponse found) =>
        new(engine, found.ID, found.HostConfig?.AutoRemove ?? false);

    public async Task<ContainerChannel> AttachAsync(bool isInput, CancellationToken cancellationToken) => new(
        await _engine.Client.Containers.AttachContainerAsync(
            Id, new ContainerAttachParameters { Stream = true, Stdin = isInput, Stdout = true, Stderr = true }, cancellationToken).ConfigureAwait(false));

    /// <summary>Kills every process of the container, without waiting for anything.</summary>
    public void Kill() => _ = EndAsync(
        LongestEnd, () => _engine.Client.Containers.KillContainerAsync(Id, new ContainerKillParameters { Signal = "SIGKILL" }));

    /// <summary>Kills every process of the container, waits until they are gone, and removes it if it is of those that are
    /// removed.</summary>
    public Task EndAsync() => _removes
        ? RemoveAsync()
        : EndAsync(LongestEnd, () => _engine.Client.Containers.KillContainerAsync(Id, new ContainerKillParameters { Signal = "SIGKILL" }));

    /// <summary>Removes the container, whatever it does.</summary>
    public Task RemoveAsync() => RemoveAsync(_engine, Id);

    public static Task RemoveAsync(EngineConnection engine, string id) => EndAsync(
        LongestEnd,
        () => engine.Client.Containers.RemoveContainerAsync(id, new ContainerRemoveParameters { Force = true, RemoveVolumes = true }));

    /// <summary>Takes all networks from the container.</summary>
    public async Task CutNetworkAsync(CancellationToken cancellationToken)
    {
        ContainerInspectResponse found = await _engine.Client.Containers.InspectContainerAsync(Id, cancellationToken).ConfigureAwait(false);
        foreach (string network in found.NetworkSettings?.Networks?.Keys ?? [])
        {
            await _engine.Client.Networks.DisconnectNetworkAsync(
                network, new NetworkDisconnectParameters { Container = Id, Force = true }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How many bytes of memory the container holds; 0 when the engine does not say.</summary>
    public async Task<long> MemoryInUseAsync(CancellationToken cancellationToken)
    {
        MemoryReport report = new();
        try
        {
            await _engine.Client.Containers.GetContainerStatsAsync(
                Id, new ContainerStatsParameters { Stream = false, OneShot = true }, report, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or DockerApiException or ObjectDisposedException)
        {
            // One that has ended holds none.
        }

        return report.Usage;
    }

    public ValueTask DisposeAsync() => Watch.DisposeAsync();

    /// <summary>Does what ends a container. That it has ended already, or that its engine has, is no error.</summary>
    private static async Task EndAsync(TimeSpan longest, Func<Task> end)
    {
        try
        {
            await end().WaitAsync(longest).ConfigureAwait(false);
        }
        catch (DockerApiException e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.InternalServerError)
        {
            // It is gone, or about to be.
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException or OperationCanceledException or ObjectDisposedException)
        {
            // The engine is gone; its containers end with the stream to them.
        }
    }

    private sealed class MemoryReport : IProgress<ContainerStatsResponse>
    {
        public long Usage { get; private set; }

        public void Report(ContainerStatsResponse value) => Usage = (long)(value.MemoryStats?.Usage ?? 0);
    }
}
