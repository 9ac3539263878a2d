using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using global::Docker.DotNet;

namespace Glovebox.Docker.Engine;

/// <summary>Says in words what is wrong with an engine, and what to do.</summary>
internal static class EngineErrors
{
    /// <summary>Explains an error of the client; null for an error of another kind.</summary>
    public static CodeExecutionException? Explain(Exception error, EngineEndpoint endpoint) => error switch
    {
        CodeExecutionException known => known,
        DockerApiException answer => Explain(answer, endpoint),
        HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException or AuthenticationException or ObjectDisposedException =>
            Unreachable(error, endpoint),
        _ => null,
    };

    /// <summary>Explains an engine's refusal.</summary>
    public static CodeExecutionException Explain(DockerApiException answer, EngineEndpoint endpoint)
    {
        string said = Said(answer);
        return said switch
        {
            _ when Has(said, "no space left on device") => new SandboxUnavailableException(
                "disk-full", $"The disk of the Docker engine is full: {said}", "Free some: docker system df shows what is used, docker system prune deletes what is not.", answer),
            _ when Has(said, "--storage-opt") || Has(said, "storage-opt") || Has(said, "quota") => new PolicyNotEnforceableException(
                $"DiskSpace was set, but the engine cannot limit what containers or volumes hold: {said}",
                "Use an engine whose disk has project quotas (overlay2 on xfs with pquota), or leave DiskSpace out."),
            _ when Has(said, "could not select device driver") || Has(said, "nvidia-container-cli") || Has(said, "unknown device") || Has(said, "CDI device") => new SandboxUnavailableException(
                "device-unavailable", $"The engine cannot give the container the devices of DeviceRequests: {said}",
                "Install the devices' container runtime (for NVIDIA: the NVIDIA Container Toolkit), try docker run --rm --gpus all IMAGE nvidia-smi, or leave DeviceRequests out.", answer),
            _ when Has(said, "unknown or invalid runtime") || Has(said, "unknown runtime") || Has(said, "runtime") && Has(said, "not found") => new SandboxUnavailableException(
                "runtime-missing", $"The engine does not have the runtime: {said}", "See which it has: docker info --format '{{json .Runtimes}}'. Add it to /etc/docker/daemon.json, or leave Runtime out.", answer),
            _ when Has(said, "bind source path does not exist") || Has(said, "invalid mount config") || Has(said, "no such file or directory") && Has(said, "mount") || Has(said, "statfs") => new SandboxUnavailableException(
                "mount-failed", $"A directory cannot be mounted: {said}",
                "It must exist on the engine's machine. Where this program runs in a container itself, BindDir is that machine's name of WorkDir.", answer),
            _ when Has(said, "exec format error") => PlatformMismatch(said, answer),
            _ when Has(said, "is already in use") && Has(said, "name") => new SandboxUnavailableException(
                "container-name-conflict", $"Another container has the name: {said}", "Choose another ContainerName, or remove that container: docker rm -f NAME", answer),
            _ when Has(said, "/bin/sh") && (Has(said, "no such file") || Has(said, "not found")) => new SandboxUnavailableException(
                "image-unusable", $"The image has no POSIX shell (/bin/sh): {said}", "Use an image with a shell, such as python:3-slim.", answer),
            _ when Has(said, "host-gateway") => new SandboxUnavailableException(
                "docker-refused", $"The engine does not know its host's address for host-gateway: {said}", "Give the address in ExtraHosts instead.", answer),
            _ when answer.StatusCode == HttpStatusCode.Forbidden || answer.StatusCode == HttpStatusCode.Unauthorized => new SandboxUnavailableException(
                "docker-permission-denied", $"The Docker engine at {endpoint} does not permit this: {said}", "Ask whoever runs the engine, or use another: DOCKER_HOST names it.", answer),
            _ => new SandboxUnavailableException(
                "docker-refused", $"The Docker engine refused: {said}", "Its log says more: journalctl -u docker", answer),
        };
    }

    public static SandboxUnavailableException PlatformMismatch(string said, Exception? cause = null) => new(
        "image-platform-mismatch",
        $"The image is made for another kind of processor than this machine's: {said}",
        "Pull the one for this machine (docker pull --platform linux/amd64 IMAGE, or linux/arm64), or install emulators: docker run --privileged --rm tonistiigi/binfmt --install all",
        cause);

    /// <summary>The engine went away while it was used.</summary>
    public static SandboxLostException Lost(EngineEndpoint endpoint, Exception? cause) => new(
        $"The Docker engine at {endpoint} ended or was restarted while code was running.",
        "See whether it runs again: docker info. The next execution starts a fresh container.",
        cause);

    /// <summary>The engine's own words, without the JSON around them.</summary>
    public static string Said(DockerApiException answer)
    {
        string body = answer.ResponseBody ?? answer.Message;
        try
        {
            using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(body);
            if (document.RootElement.TryGetProperty("message", out System.Text.Json.JsonElement message) && message.GetString() is { } text)
            {
                body = text;
            }
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            // Not JSON: the words themselves.
        }

        return WorkspacePath.Printable(body.Trim());
    }

    private static SandboxUnavailableException Unreachable(Exception error, EngineEndpoint endpoint)
    {
        SocketError? socket = Chain(error).OfType<SocketException>().FirstOrDefault()?.SocketErrorCode;
        if (socket == SocketError.AccessDenied || Chain(error).Any(e => e is UnauthorizedAccessException))
        {
            return new SandboxUnavailableException(
                "docker-permission-denied",
                $"You may not use the Docker engine at {endpoint}: permission denied.",
                "Add yourself to its group and log in again: sudo usermod -aG docker $USER. Or use a rootless engine: dockerd-rootless-setuptool.sh install",
                error);
        }

        if (Chain(error).OfType<AuthenticationException>().FirstOrDefault() is { } tls)
        {
            return new SandboxUnavailableException(
                "docker-tls-invalid",
                $"No trusted connection to the Docker engine at {endpoint} can be made: {tls.Message}",
                "DOCKER_CERT_PATH must name the folder of the ca.pem that the engine's certificate is signed by, and of cert.pem and key.pem.",
                error);
        }

        // What .NET makes of a path that is not there is a word about addresses.
        string reason = error is TimeoutException or OperationCanceledException ? "it does not answer"
            : endpoint.IsUnixSocket && socket == SocketError.AddressNotAvailable ? "there is no such socket"
            : Chain(error).Last().Message;
        return new SandboxUnavailableException(
            "docker-unavailable",
            $"Docker is not installed or not running: no engine answers at {endpoint} ({reason}).",
            "Start it: sudo systemctl start docker, or Docker Desktop; for Podman: systemctl --user start podman.socket. Where it listens elsewhere, DOCKER_HOST says so. To install it: https://docs.docker.com/engine/install/",
            error);
    }

    private static IEnumerable<Exception> Chain(Exception error)
    {
        for (Exception? at = error; at is not null; at = at.InnerException)
        {
            yield return at;
        }
    }

    private static bool Has(string said, string words) => said.Contains(words, StringComparison.OrdinalIgnoreCase);
}
