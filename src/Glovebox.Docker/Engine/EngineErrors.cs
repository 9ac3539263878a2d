using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using global::Docker.DotNet;

namespace Glovebox.Docker.Engine;

/// <summary>Explains what is wrong with an engine, and what to do.</summary>
internal static class EngineErrors
{
    public const string DiskHint = "Free some: docker system df shows what is used, docker system prune deletes what is not.";

    private const string PolicyCode = "policy-not-enforceable";

    /// <summary>What engines say when they refuse, and what it means. Each entry of <c>Said</c> is a list of words that must all be there;
    /// the first refusal with such an entry is taken.</summary>
    private static readonly Refusal[] Refusals =
    [
        new(
            [["no space left on device"]],
            "disk-full",
            "The disk of the Docker engine is full",
            DiskHint),
        new(
            [["storage-opt"], ["quota"]],
            PolicyCode,
            "DiskSpace was set, but the engine cannot limit what containers or volumes hold",
            "Use an engine whose disk has project quotas (overlay2 on xfs with pquota), or leave DiskSpace out."),
        new(
            [["could not select device driver"], ["nvidia-container-cli"], ["unknown device"], ["CDI device"]],
            "device-unavailable",
            "The engine cannot give the container the devices of DeviceRequests",
            "Install the devices' container runtime (for NVIDIA: the NVIDIA Container Toolkit), try docker run --rm --gpus all IMAGE"
            + " nvidia-smi, or leave DeviceRequests out."),
        new(
            [["unknown or invalid runtime"], ["unknown runtime"], ["runtime", "not found"]],
            "runtime-missing",
            "The engine does not have the runtime",
            "See which it has: docker info --format '{{json .Runtimes}}'. Add it to /etc/docker/daemon.json, or leave Runtime out."),
        new(
            [["bind source path does not exist"], ["invalid mount config"], ["no such file or directory", "mount"], ["statfs"]],
            "mount-failed",
            "A directory cannot be mounted",
            "It must exist on the engine's machine. Where this program runs in a container itself, BindDir is that machine's name of"
            + " WorkDir."),
        new(
            [["is already in use", "name"]],
            "container-name-conflict",
            "Another container has the name",
            "Choose another ContainerName, or remove that container: docker rm -f NAME"),
        new(
            [["/bin/sh", "no such file"], ["/bin/sh", "not found"]],
            "image-unusable",
            "The image has no POSIX shell (/bin/sh)",
            "Use an image with a shell, such as python:3-slim."),
        new(
            [["host-gateway"]],
            "docker-refused",
            "The engine does not know its host's address for host-gateway",
            "Give the address in ExtraHosts instead."),
    ];

    /// <summary>Explains an error of the client; null for an error that says enough by itself.</summary>
    public static CodeExecutionException? Explain(Exception error, EngineEndpoint endpoint) => error switch
    {
        DockerApiException answer => Explain(answer, endpoint),
        SocketException or OperationCanceledException or AuthenticationException => Unreachable(error, endpoint),
        _ when IsLoss(error) => Unreachable(error, endpoint),
        _ => null,
    };

    /// <summary>Whether an error of the client says that the engine, or the container that a call is about, is gone.</summary>
    public static bool IsLoss(Exception error) =>
        error is DockerApiException or HttpRequestException or IOException or TimeoutException or ObjectDisposedException;

    public static SandboxUnavailableException PlatformMismatch(string said, Exception? cause = null) => new(
        "image-platform-mismatch",
        $"The image is made for another kind of processor than this machine's: {said}",
        "Pull the one for this machine (docker pull --platform linux/amd64 IMAGE, or linux/arm64), or install emulators:"
        + " docker run --privileged --rm tonistiigi/binfmt --install all",
        cause);

    /// <summary>The engine went away while it was used.</summary>
    public static SandboxLostException Lost(EngineEndpoint endpoint, Exception? cause) => new(
        $"The Docker engine at {endpoint} ended or was restarted while code was running.",
        "See whether it runs again: docker info. The next execution starts a fresh container.",
        cause);

    /// <summary>Gets the engine's own words, without the JSON around them.</summary>
    public static string Said(DockerApiException answer)
    {
        string body = answer.ResponseBody ?? answer.Message;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            body = document.RootElement.TryGetProperty("message", out JsonElement message) ? message.GetString() ?? body : body;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON: the words themselves.
        }

        return WorkspacePath.Printable(body.Trim());
    }

    /// <summary>Explains an engine's refusal.</summary>
    private static CodeExecutionException Explain(DockerApiException answer, EngineEndpoint endpoint)
    {
        string said = Said(answer);
        if (Has(said, "exec format error"))
        {
            return PlatformMismatch(said, answer);
        }

        Refusal refusal = Refusals.FirstOrDefault(r => r.Said.Any(words => words.All(w => Has(said, w))))
            ?? (answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized
                ? new(
                    [],
                    "docker-permission-denied",
                    $"The Docker engine at {endpoint} does not permit this",
                    "Ask the engine's administrator, or use another engine: DOCKER_HOST names it.")
                : new([], "docker-refused", "The Docker engine refused", "Its log says more: journalctl -u docker"));
        string message = $"{refusal.Meaning}: {said}";
        return refusal.Code == PolicyCode
            ? new PolicyNotEnforceableException(message, refusal.Hint)
            : new SandboxUnavailableException(refusal.Code, message, refusal.Hint, answer);
    }

    private static SandboxUnavailableException Unreachable(Exception error, EngineEndpoint endpoint)
    {
        SocketError? socket = Chain(error).OfType<SocketException>().FirstOrDefault()?.SocketErrorCode;
        if (socket == SocketError.AccessDenied || Chain(error).Any(e => e is UnauthorizedAccessException))
        {
            return new SandboxUnavailableException(
                "docker-permission-denied",
                $"You may not use the Docker engine at {endpoint}: permission denied.",
                "Add yourself to its group and log in again: sudo usermod -aG docker $USER. Or use a rootless engine:"
                + " dockerd-rootless-setuptool.sh install",
                error);
        }

        if (Chain(error).OfType<AuthenticationException>().FirstOrDefault() is { } tls)
        {
            return new SandboxUnavailableException(
                "docker-tls-invalid",
                $"No trusted connection to the Docker engine at {endpoint} can be made: {tls.Message}",
                "DOCKER_CERT_PATH must name the folder of cert.pem, key.pem, and the ca.pem that the engine's certificate is signed by.",
                error);
        }

        // For a path that is not there .NET speaks of an address that is not valid.
        string reason = error is TimeoutException or OperationCanceledException ? "it does not answer"
            : endpoint.IsUnixSocket && socket == SocketError.AddressNotAvailable ? "there is no such socket"
            : Chain(error).Last().Message;
        return new SandboxUnavailableException(
            "docker-unavailable",
            $"Docker is not installed or not running: no engine answers at {endpoint} ({reason}).",
            "Start it: sudo systemctl start docker, or Docker Desktop; for Podman: systemctl --user start podman.socket. Where it listens"
            + " elsewhere, DOCKER_HOST says so. To install it: https://docs.docker.com/engine/install/",
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

    private sealed record Refusal(string[][] Said, string Code, string Meaning, string Hint);
}
