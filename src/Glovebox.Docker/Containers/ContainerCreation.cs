using Glovebox.Docker.Engine;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>Creates containers and starts them. Nothing else does.</summary>
internal static class ContainerCreation
{
    /// <summary>Creates a container and starts it. One that fails is not left behind.</summary>
    /// <exception cref="ContainerStartException">It ended at once.</exception>
    /// <exception cref="CodeExecutionException">The engine refuses.</exception>
    public static async Task<StartedContainer> CreateAsync(EngineConnection engine, ContainerPlan plan, CancellationToken cancellationToken)
    {
        StartedContainer made = await CreateOnceAsync(engine, plan, cancellationToken).ConfigureAwait(false);
        if (plan.Filter.WithoutSetId is not { } strict || strict.IsAppliedBy(made.Guest))
        {
            return made;
        }

        // No agent takes the making of set-id files from guest code when the set-up is over, so nothing here may ever make any.
        await made.Guest.DisposeAsync().ConfigureAwait(false);
        await made.Container.RemoveAsync().ConfigureAwait(false);
        await made.Container.DisposeAsync().ConfigureAwait(false);
        return await CreateOnceAsync(engine, plan with { Filter = strict }, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<StartedContainer> CreateOnceAsync(
        EngineConnection engine, ContainerPlan plan, CancellationToken cancellationToken)
    {
        CreateContainerResponse created = await engine.Client.Containers.CreateContainerAsync(
            ContainerRequest.Build(plan), cancellationToken).ConfigureAwait(false);
        DockerContainer container = new(engine.Client, created.ID, plan.Spec.Options.AutoRemove);
        ContainerChannel? channel = null;
        try
        {
            channel = await container.AttachAsync(isInput: true, cancellationToken).ConfigureAwait(false);
            await engine.Client.Containers.StartContainerAsync(created.ID, null, cancellationToken).ConfigureAwait(false);
            ContainerSetup guest = await GuestStarter.StartAsync(container, channel, plan, cancellationToken).ConfigureAwait(false);
            return new StartedContainer(container, guest, plan);
        }
        catch
        {
            await container.RemoveAsync().ConfigureAwait(false);
            if (channel is not null)
            {
                await channel.DisposeAsync().ConfigureAwait(false);
            }

            await container.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

/// <summary>A container that runs, with its guest, whose set-up goes on, and what it was made of in the end.</summary>
internal sealed record StartedContainer(DockerContainer Container, ContainerSetup Guest, ContainerPlan Plan);
