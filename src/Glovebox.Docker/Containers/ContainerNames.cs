using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Glovebox.Docker.Engine;
using Glovebox.Sandboxes.Agent;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>Decides what a container of a name is: absent, ours to replace or to attach to, or another owner's.</summary>
internal static class ContainerNames
{
    /// <summary>The label of the owner of a container or volume, see <see cref="ContainerOwner"/>.</summary>
    public const string OwnerLabel = "glovebox.owner";

    /// <summary>On a container that stays: what it was made of.</summary>
    public const string ConfigurationLabel = "glovebox.configuration";

    /// <summary>Makes the name of a container free, or finds the container of that name to which this executor may attach.</summary>
    /// <remarks>The claimant is an owner's label. It may have a container of that name already, which is on its way out.</remarks>
    /// <exception cref="SandboxUnavailableException">The container of that name belongs to another owner.</exception>
    public static async Task<ContainerInspectResponse?> ClaimAsync(
        EngineConnection engine, ContainerPlan plan, string claimant, CancellationToken cancellationToken)
    {
        string name = plan.Name;
        ContainerInspectResponse? found = await DockerContainer.FindAsync(engine.Client, name, cancellationToken).ConfigureAwait(false);
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
        if (stays && runs && made == plan.Labels.GetValueOrDefault(ConfigurationLabel))
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

        await DockerContainer.RemoveAsync(engine.Client, found.ID).ConfigureAwait(false);
        return null;
    }

    /// <summary>Sums up what a container is made of, so that one of the same can be told.</summary>
    public static string Configuration(ContainerDefinition spec, UserId user, ContainerFunctions? functions)
    {
        string[] devices = [.. spec.Options.DeviceRequests.Select(
            d => $"{d.Driver} {d.Count} {string.Join(',', d.DeviceIds)} {string.Join(',', d.Capabilities)}")];
        string text = string.Concat(((string?[])
        [
            AgentClient.AgentVersion.ToString(CultureInfo.InvariantCulture), spec.Options.Image, spec.WorkDirectory, spec.Options.BindDir,
            spec.Options.InitCommand, spec.Options.Runtime, spec.Seccomp?.Text, spec.Policy.ToString(), user.ToString(), functions?.Text,
            .. spec.Options.ExtraVolumes.Select(v => v.ToString()),
            .. spec.Options.ExtraHosts.Select(h => h.ToString()).Order(StringComparer.Ordinal),
            .. devices,
        ]).Select(part => part + '\0'));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }
}
