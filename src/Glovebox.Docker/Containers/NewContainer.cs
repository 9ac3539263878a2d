using Glovebox.Docker.Engine;
using global::Docker.DotNet;

namespace Glovebox.Docker.Containers;

/// <summary>A container that has just been made, with its guest.</summary>
/// <param name="Container">The container.</param>
/// <param name="Guest">What runs programs in it.</param>
/// <param name="Plan">What it was made of in the end.</param>
internal sealed record NewContainer(DockerContainer Container, ContainerSetup Guest, ContainerPlan Plan)
{
    /// <summary>Makes a container and starts it. One that fails is not left behind.</summary>
    /// <exception cref="ContainerStartException">It ended at once.</exception>
    public static async Task<NewContainer> StartAsync(EngineConnection engine, ContainerPlan plan, CancellationToken cancellationToken)
    {
        NewContainer made = await StartOnceAsync(engine, plan, cancellationToken).ConfigureAwait(false);
        if (plan.Filter.WithoutSetId is not { } strict || strict.IsAppliedBy(made.Guest))
        {
            return made;
        }

        // No agent takes the making of set-id files from guest code when the set-up is over, so nothing here may ever make any.
        await made.Guest.DisposeAsync().ConfigureAwait(false);
        await RemoveAsync(engine, plan, made.Container).ConfigureAwait(false);
        return await StartOnceAsync(engine, plan with { Filter = strict }, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<NewContainer> StartOnceAsync(EngineConnection engine, ContainerPlan plan, CancellationToken cancellationToken)
    {
        (DockerContainer container, ContainerChannel channel) =
            await DockerContainer.StartAsync(engine, ContainerRequest.Build(plan), cancellationToken).ConfigureAwait(false);
        try
        {
            return new NewContainer(
                container, await GuestStarter.StartAsync(engine, container, channel, plan, cancellationToken).ConfigureAwait(false), plan);
        }
        catch
        {
            await RemoveAsync(engine, plan, container).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes a container and waits until it is gone. One that has ended by itself is being removed already, for which the engine
    /// does not wait.</summary>
    private static async Task RemoveAsync(EngineConnection engine, ContainerPlan plan, DockerContainer container)
    {
        try
        {
            await ContainerNames.RemoveAsync(engine, plan.Name, container.Id, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DockerApiException or HttpRequestException or IOException or TimeoutException or ObjectDisposedException)
        {
            // The engine is gone; its containers end with the stream to them.
        }

        await container.DisposeAsync().ConfigureAwait(false);
    }
}
