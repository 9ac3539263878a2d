using System.Globalization;
using Glovebox.Docker.Engine;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>A volume that holds the work directory where no host folder does, or the packages of functions. It outlives its containers, for
/// files outlive them, and goes with the executor; what a process left that was killed goes when another uses the engine.</summary>
/// <param name="owner">The label that tells who goes with it.</param>
/// <param name="size">The bytes that it may hold, or null.</param>
internal sealed class WorkVolume(string owner, long? size)
{
    public string Name { get; } = $"glovebox-{Guid.NewGuid():n}";

    private bool _isMade;

    /// <summary>The options of the engine's own volume driver, which refuses a size that its file system cannot keep.</summary>
    public static Dictionary<string, string> Options(long? size) => size is { } bytes
        ? new(StringComparer.Ordinal) { ["size"] = bytes.ToString(CultureInfo.InvariantCulture) }
        : new(StringComparer.Ordinal);

    public async Task EnsureAsync(EngineConnection engine, CancellationToken cancellationToken)
    {
        if (_isMade)
        {
            return;
        }

        await engine.Client.Volumes.CreateAsync(
            new VolumesCreateParameters
            {
                Name = Name,
                Labels = new Dictionary<string, string> { [ContainerNames.OwnerLabel] = owner },
                DriverOpts = Options(size),
            },
            cancellationToken).ConfigureAwait(false);
        _isMade = true;
    }

    public async Task RemoveAsync(EngineConnection engine)
    {
        if (_isMade)
        {
            _isMade = false;
            await TryRemoveAsync(engine, Name).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the volumes whose owners are dead. One that a container still has stays: the engine sees to that.</summary>
    public static async Task SweepAsync(EngineConnection engine)
    {
        VolumesListParameters parameters = new()
        {
            Filters = new Dictionary<string, IDictionary<string, bool>>
            {
                ["label"] = new Dictionary<string, bool> { [ContainerNames.OwnerLabel] = true },
                ["dangling"] = new Dictionary<string, bool> { ["true"] = true },
            },
        };
        try
        {
            VolumesListResponse found = await engine.Client.Volumes.ListAsync(parameters, CancellationToken.None).ConfigureAwait(false);
            foreach (VolumeResponse volume in found.Volumes ?? [])
            {
                if (volume.Labels?.TryGetValue(ContainerNames.OwnerLabel, out string? owner) == true
                    && ContainerOwner.IsAlive(owner) == false)
                {
                    await TryRemoveAsync(engine, volume.Name).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (IsHarmless(e))
        {
            // The next one tries again.
        }
    }

    private static async Task TryRemoveAsync(EngineConnection engine, string name)
    {
        try
        {
            await engine.Client.Volumes.RemoveAsync(name, force: false).ConfigureAwait(false);
        }
        catch (Exception e) when (IsHarmless(e))
        {
            // In use by a container that was left on purpose, or gone with the engine.
        }
    }

    private static bool IsHarmless(Exception e) => EngineErrors.IsLoss(e) || e is OperationCanceledException;
}
