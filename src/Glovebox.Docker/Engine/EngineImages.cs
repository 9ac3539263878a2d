using System.Net;
using System.Runtime.InteropServices;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Engine;

/// <summary>Makes sure that an engine has an image.</summary>
internal static class EngineImages
{
    /// <summary>How registries say that they have no such image, or not for everybody.</summary>
    private static readonly string[] UnknownImage =
        ["pull access denied", "not found", "manifest unknown", "repository does not exist", "unauthorized", "denied"];

    /// <summary>Pulls the image where the policy says so.</summary>
    /// <exception cref="CodeExecutionException">There is no such image here, and it cannot or must not be pulled.</exception>
    public static async Task EnsureAsync(
        EngineConnection engine,
        string image,
        PullPolicy policy,
        IProgress<ImagePullProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (policy == PullPolicy.Always)
        {
            await PullAsync(engine, image, progress, cancellationToken).ConfigureAwait(false);
        }

        ImageInspectResponse? found = await FindAsync(engine, image, cancellationToken).ConfigureAwait(false);
        if (found is null && policy == PullPolicy.Never)
        {
            throw new SandboxUnavailableException(
                "image-missing", $"The engine does not have the image '{image}', and PullPolicy is Never.", $"Pull it: docker pull {image}");
        }

        if (found is null)
        {
            await PullAsync(engine, image, progress, cancellationToken).ConfigureAwait(false);
            found = await FindAsync(engine, image, cancellationToken).ConfigureAwait(false)
                ?? throw new SandboxUnavailableException(
                    "image-missing", $"The engine pulled the image '{image}', but does not have it.", $"Try: docker pull {image}");
        }

        CheckSystem(image, found);
    }

    public static async Task<bool> ExistsAsync(EngineConnection engine, string image, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(engine, image, cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (Exception e) when (EngineErrors.Explain(e, engine.Endpoint) is { } explained && !ReferenceEquals(e, explained))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw explained;
        }
    }

    private static async Task<ImageInspectResponse?> FindAsync(EngineConnection engine, string image, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Client.Images.InspectImageAsync(image, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    private static void CheckSystem(string image, ImageInspectResponse found)
    {
        if (found.Os is { Length: > 0 } system && system != "linux")
        {
            throw EngineErrors.PlatformMismatch(
                $"'{image}' is for {WorkspacePath.Printable(system)}/{WorkspacePath.Printable(found.Architecture ?? "")}.");
        }
    }

    private static async Task PullAsync(
        EngineConnection engine, string image, IProgress<ImagePullProgress>? progress, CancellationToken cancellationToken)
    {
        PullReport report = new(image, progress);
        (string name, string? tag) = Split(image);
        try
        {
            await engine.Client.Images.CreateImageAsync(
                new ImagesCreateParameters { FromImage = name, Tag = tag }, null, report, cancellationToken).ConfigureAwait(false);
        }
        catch (DockerApiException e)
        {
            throw Failed(image, EngineErrors.Said(e), e);
        }

        if (report.Error is { } error)
        {
            throw Failed(image, error, null);
        }
    }

    /// <summary>Without a tag the engine would pull every one that there is.</summary>
    internal static (string Name, string? Tag) Split(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return (image, null);
        }

        int colon = image.LastIndexOf(':');
        return colon > image.LastIndexOf('/') ? (image[..colon], image[(colon + 1)..]) : (image, "latest");
    }

    private static SandboxUnavailableException Failed(string image, string said, Exception? cause)
    {
        if (said.Contains("no space left", StringComparison.OrdinalIgnoreCase))
        {
            return new SandboxUnavailableException(
                "disk-full", $"The image '{image}' cannot be pulled, because the disk of the Docker engine is full.", "Free some: docker system df shows what is used, docker system prune deletes what is not.", cause);
        }

        if (said.Contains("no matching manifest", StringComparison.OrdinalIgnoreCase))
        {
            return EngineErrors.PlatformMismatch(
                $"there is no '{image}' for {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()} ({said}).", cause);
        }

        return UnknownImage.Any(words => said.Contains(words, StringComparison.OrdinalIgnoreCase))
            ? new SandboxUnavailableException(
                "image-missing", $"The engine does not have the image '{image}', and its registry does not give it: {said}", $"See whether the name is right. A private registry wants: docker login REGISTRY, then docker pull {image}", cause)
            : new SandboxUnavailableException(
                "image-pull-failed", $"The engine does not have the image '{image}', and cannot pull it: {said}", $"See whether the engine's machine reaches the registry: docker pull {image}. Or name an image that the engine has: docker images", cause);
    }

    /// <summary>Hands on what the engine tells of a pull.</summary>
    private sealed class PullReport(string image, IProgress<ImagePullProgress>? progress) : IProgress<JSONMessage>
    {
        public string? Error { get; private set; }

        public void Report(JSONMessage value)
        {
            if (value.Error is { } error)
            {
                Error = WorkspacePath.Printable(error.Message ?? "no reason is given");
                return;
            }

            if (progress is not null && value.Status is { Length: > 0 } status)
            {
                progress.Report(new ImagePullProgress(
                    image, value.ID is { Length: > 0 } layer
                        ? layer
                        : null, WorkspacePath.Printable(status), value.Progress?.Current, value.Progress?.Total));
            }
        }
    }
}
