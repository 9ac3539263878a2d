using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Glovebox.Docker.Engine;
using Glovebox.Sandboxes.Agent;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>Decides what a container of a name is: absent, ours to replace or to attach to, or another owner's.</summary>
internal static class ContainerNames
{
    /// <summary>The label of the owner of a container or volume, see <see cref="ContainerOwner"/>.</summary>
    public const string OwnerLabel = "glovebox.owner";

    /// <summary>On a container that stays: what it was made of.</summary>
    public const string ConfigurationLabel = "glovebox.configuration";

    private static readonly TimeSpan LongestRemoval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RemovalCheck = TimeSpan.FromMilliseconds(20);

    /// <summary>Makes a name free, or finds the container of that name to which this executor may attach.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="name">The name.</param>
    /// <param name="claimant">The owner's label of who claims it, who may have one of that name that is on its way out.</param>
    /// <param name="configuration">What a container to attach to must be made of; null: none is attached to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SandboxUnavailableException">The container of that name belongs to another owner.</exception>
    public static async Task<ContainerInspectResponse?> ClaimAsync(
        EngineConnection engine, string name, string claimant, string? configuration, CancellationToken cancellationToken)
    {
        ContainerInspectResponse? found = await FindAsync(engine, name, cancellationToken).ConfigureAwait(false);
        if (found is null)
        {
            return null;
        }

        if (found.Config?.Labels?.TryGetValue(OwnerLabel, out string? owner) != true)
        {
            throw new SandboxUnavailableException(
                "container-name-conflict",
                $"There is a container named '{name}' already, and it is not one of Glovebox.",
                $"Choose another ContainerName, or remove that container: docker rm -f {name}");
        }

        bool stays = found.Config.Labels.TryGetValue(ConfigurationLabel, out string? made);
        bool runs = found.State?.Running ?? false;
        if (stays && runs && made == configuration)
        {
            return found;
        }

        // One that stays has no owner while it waits.
        if (!stays && owner != claimant && (ContainerOwner.IsAlive(owner!) ?? runs))
        {
            throw new SandboxUnavailableException(
                "container-name-conflict",
                $"The container '{name}' belongs to another executor that is using it.",
                $"Choose another ContainerName, or, if nothing uses it any more, remove it: docker rm -f {name}");
        }

        await RemoveAsync(engine, name, found.ID, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>Removes a container and waits until its name is free. A removal that is under way already is not waited for by the engine,
    /// and its client cannot wait for one.</summary>
    public static async Task RemoveAsync(EngineConnection engine, string name, string id, CancellationToken cancellationToken)
    {
        await DockerContainer.RemoveAsync(engine, id).ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < LongestRemoval
            && await FindAsync(engine, name, cancellationToken).ConfigureAwait(false) is { } left && left.ID == id)
        {
            await Task.Delay(RemovalCheck, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sums up what a container is made of, so that one of the same can be told.</summary>
    public static string Configuration(ContainerDefinition spec, UserId user, ContainerFunctions? functions)
    {
        StringBuilder text = new();
        foreach (string? part in (string?[])
        [
            AgentClient.AgentVersion.ToString(CultureInfo.InvariantCulture), spec.Options.Image, spec.WorkDirectory,
            spec.Options.BindDir, spec.Options.InitCommand, spec.Options.Runtime, spec.Seccomp?.Text, spec.Policy.ToString(), user.ToString(), functions?.Text,
            .. spec.Options.ExtraVolumes.Select(v => v.ToString()),
            .. spec.Options.ExtraHosts.Select(h => h.ToString()).Order(StringComparer.Ordinal),
            .. spec.Options.DeviceRequests.Select(
                d => $"{d.Driver} {d.Count} {string.Join(',', d.DeviceIds)} {string.Join(',', d.Capabilities)}"),
        ])
        {
            text.Append(part).Append('\0');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }

    private static async Task<ContainerInspectResponse?> FindAsync(
        EngineConnection engine, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Client.Containers.InspectContainerAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
