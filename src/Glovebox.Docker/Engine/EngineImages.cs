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
    public static async Task EnsureAsync(EngineConnection engine, DockerSandboxOptions options, CancellationToken cancellationToken)
    {
        (string image, PullPolicy policy) = (options.Image, options.PullPolicy);
        ImageInspectResponse? found = policy == PullPolicy.Always ? null
            : await FindAsync(engine, image, cancellationToken).ConfigureAwait(false);
        if (found is null)
        {
            if (policy == PullPolicy.Never)
            {
                throw new SandboxUnavailableException(
                    "image-missing",
                    $"The engine does not have the image '{image}', and PullPolicy is Never.",
                    $"Pull it: docker pull {image}");
            }

            await PullAsync(engine, image, options.PullProgress, cancellationToken).ConfigureAwait(false);
            found = await FindAsync(engine, image, cancellationToken).ConfigureAwait(false)
                ?? throw new SandboxUnavailableException(
                    "image-missing", $"The engine pulled the image '{image}', but does not have it.", $"Try: docker pull {image}");
        }

        if (found.Os is { Length: > 0 } system && system != "linux")
        {
            throw EngineErrors.PlatformMismatch(
                $"'{image}' is for {WorkspacePath.Printable(system)}/{WorkspacePath.Printable(found.Architecture ?? "")}.");
        }
    }

    /// <summary>Finds an image; null when the engine does not have it.</summary>
    public static async Task<ImageInspectResponse?> FindAsync(EngineConnection engine, string image, CancellationToken cancellationToken)
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

    /// <summary>Splits the tag off. Without one the engine would pull every one that there is.</summary>
    private static (string Name, string? Tag) Split(string image)
    {
        int colon = image.LastIndexOf(':');
        return image.Contains('@', StringComparison.Ordinal) ? (image, null)
            : colon > image.LastIndexOf('/') ? (image[..colon], image[(colon + 1)..])
            : (image, "latest");
    }

    private static SandboxUnavailableException Failed(string image, string said, Exception? cause)
    {
        if (said.Contains("no matching manifest", StringComparison.OrdinalIgnoreCase))
        {
            return EngineErrors.PlatformMismatch(
                $"there is no '{image}' for {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()} ({said}).", cause);
        }

        (string code, string reason, string hint) = said switch
        {
            _ when said.Contains("no space left", StringComparison.OrdinalIgnoreCase) => (
                "disk-full",
                $"The image '{image}' cannot be pulled, because the disk of the Docker engine is full.",
                EngineErrors.DiskHint),
            _ when UnknownImage.Any(words => said.Contains(words, StringComparison.OrdinalIgnoreCase)) => (
                "image-missing",
                $"The engine does not have the image '{image}', and its registry does not give it: {said}",
                $"See whether the name is right. A private registry wants: docker login REGISTRY, then docker pull {image}"),
            _ => (
                "image-pull-failed",
                $"The engine does not have the image '{image}', and cannot pull it: {said}",
                $"See whether the engine's machine reaches the registry: docker pull {image}. Or name an image that the engine has:"
                + " docker images"),
        };
        return new SandboxUnavailableException(code, reason, hint, cause);
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
            }
            else if (progress is not null && value.Status is { Length: > 0 } status)
            {
                string? layer = value.ID is { Length: > 0 } id ? id : null;
                progress.Report(new ImagePullProgress(
                    image, layer, WorkspacePath.Printable(status), value.Progress?.Current, value.Progress?.Total));
            }
        }
    }
}
