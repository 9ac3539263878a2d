using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Glovebox.Docker.Engine;

/// <summary>Finds the engine as the <c>docker</c> command does: an explicit address, <c>DOCKER_HOST</c>, a context, the usual
/// sockets.</summary>
/// <param name="variable">Reads an environment variable; null when it is not set.</param>
/// <param name="home">The user's home.</param>
/// <param name="exists">Whether there is a socket or a file.</param>
internal sealed class EndpointResolver(Func<string, string?> variable, string home, Func<string, bool> exists)
{
    private const string DefaultContext = "default";
    private const string WindowsPipe = "npipe://./pipe/docker_engine";
    private const string SystemSocket = "/var/run/docker.sock";

    public static EndpointResolver OfThisProcess { get; } = new(
        Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), File.Exists);

    /// <summary>Finds the engine.</summary>
    /// <param name="address">An address that goes before all else, or null.</param>
    /// <exception cref="SandboxUnavailableException">What the user configured makes no sense.</exception>
    public EngineEndpoint Resolve(string? address)
    {
        if (address is not null)
        {
            return FromAddress(address, "the option DockerHost");
        }

        if (Variable("DOCKER_HOST") is { } host)
        {
            return FromAddress(host, "DOCKER_HOST");
        }

        if (Variable("DOCKER_CONTEXT") is { } named)
        {
            return named == DefaultContext ? Default() : FromContext(named, "DOCKER_CONTEXT");
        }

        return CurrentContext() is { } current && current != DefaultContext
            ? FromContext(current, Path.Combine(ConfigurationFolder, "config.json"))
            : Default();
    }

    private string ConfigurationFolder => Variable("DOCKER_CONFIG") ?? Path.Combine(home, ".docker");

    private string? Variable(string name) => variable(name) is { Length: > 0 } value ? value : null;

    private EngineEndpoint FromAddress(string address, string source)
    {
        EngineTls? tls = Variable("DOCKER_TLS_VERIFY") is null
            ? null
            : new(Variable("DOCKER_CERT_PATH") ?? ConfigurationFolder, SkipsVerification: false);
        return Parse(address, source, tls);
    }

    private static EngineEndpoint Parse(string address, string source, EngineTls? tls)
    {
        if (!Uri.TryCreate(address.StartsWith('/') ? "unix://" + address : address, UriKind.Absolute, out Uri? uri))
        {
            throw Invalid($"'{WorkspacePath.Printable(address)}' is not the address of a Docker engine ({source}).");
        }

        switch (uri.Scheme)
        {
            case "unix" when uri.AbsolutePath.Length > 1:
            case "npipe" when uri.Segments.Length == 3:
                return new EngineEndpoint(uri, source);
            case "tcp" or "http" when uri.Host.Length > 0:
                return new EngineEndpoint(WithPort(uri, tls is null ? 2375 : 2376), source, tls);
            case "https" when uri.Host.Length > 0:
                return new EngineEndpoint(WithPort(uri, 2376), source, tls ?? new EngineTls("", SkipsVerification: false));
            case "ssh":
                throw new SandboxUnavailableException(
                    "docker-host-invalid",
                    $"The address {WorkspacePath.Printable(address)} ({source}) needs SSH, which this library does not speak.",
                    "Forward the socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock USER@HOST, then set DOCKER_HOST=unix:///tmp/docker.sock.");
            default:
                throw Invalid($"'{WorkspacePath.Printable(address)}' is not the address of a Docker engine ({source}).");
        }
    }

    private static Uri WithPort(Uri uri, int port) =>
        uri.Port > 0 && !uri.IsDefaultPort ? uri : new UriBuilder(uri) { Port = port }.Uri;

    private static SandboxUnavailableException Invalid(string message, Exception? cause = null) =>
        new(
            "docker-host-invalid",
            message,
            "Use unix:///PATH, npipe://./pipe/NAME, or tcp://HOST:PORT; see what works with: docker context ls",
            cause);

    private string? CurrentContext()
    {
        string file = Path.Combine(ConfigurationFolder, "config.json");
        if (!exists(file))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return document.RootElement.TryGetProperty("currentContext", out JsonElement name) && name.GetString() is { Length: > 0 } text
                ? text
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw Invalid($"'{file}' cannot be read: {e.Message}", e);
        }
    }

    private EngineEndpoint FromContext(string name, string source)
    {
        string folder = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        string contexts = Path.Combine(ConfigurationFolder, "contexts");
        string file = Path.Combine(contexts, "meta", folder, "meta.json");
        if (!exists(file))
        {
            throw new SandboxUnavailableException(
                "docker-host-invalid",
                $"There is no Docker context '{WorkspacePath.Printable(name)}' ({source}).",
                "See which there are with: docker context ls. Choose one with: docker context use NAME");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement docker = document.RootElement.GetProperty("Endpoints").GetProperty("docker");
            string address = docker.GetProperty("Host").GetString() ?? "";
            bool skips = docker.TryGetProperty("SkipTLSVerify", out JsonElement skip) && skip.ValueKind == JsonValueKind.True;
            string tls = Path.Combine(contexts, "tls", folder, "docker");
            bool usesTls = skips || exists(Path.Combine(tls, "ca.pem")) || exists(Path.Combine(tls, "cert.pem"));
            return Parse(address, $"the Docker context '{WorkspacePath.Printable(name)}'", usesTls ? new EngineTls(tls, skips) : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw Invalid($"The Docker context '{WorkspacePath.Printable(name)}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The usual sockets: of the system, of a user's own engine, of Docker Desktop, of Podman.</summary>
    private EngineEndpoint Default()
    {
        if (OperatingSystem.IsWindows())
        {
            return new EngineEndpoint(new Uri(WindowsPipe), "the default");
        }

        List<string> sockets = [SystemSocket];
        string? runtime = Variable("XDG_RUNTIME_DIR");
        if (runtime is not null)
        {
            sockets.Add(Path.Combine(runtime, "docker.sock"));
        }

        sockets.Add(Path.Combine(home, ".docker/run/docker.sock"));
        if (runtime is not null)
        {
            sockets.Add(Path.Combine(runtime, "podman/podman.sock"));
        }

        sockets.Add("/run/podman/podman.sock");
        return new EngineEndpoint(new Uri("unix://" + (sockets.FirstOrDefault(exists) ?? SystemSocket)), "the default");
    }
}
