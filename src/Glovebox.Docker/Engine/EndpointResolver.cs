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

    /// <summary>Finds the engine, at an address that goes before all else if there is one.</summary>
    /// <exception cref="SandboxUnavailableException">What the user configured makes no sense.</exception>
    public EngineEndpoint Resolve(string? address)
    {
        (string? given, string source) = address is not null ? (address, "the option DockerHost")
            : (Variable("DOCKER_HOST"), "DOCKER_HOST");
        if (given is not null)
        {
            EngineTls? tls = Variable("DOCKER_TLS_VERIFY") is null
                ? null
                : new(Variable("DOCKER_CERT_PATH") ?? ConfigurationFolder, SkipsVerification: false);
            return Parse(given, source, tls);
        }

        string file = Path.Combine(ConfigurationFolder, "config.json");
        (string? context, source) = Variable("DOCKER_CONTEXT") is { } named ? (named, "DOCKER_CONTEXT") : (CurrentContext(file), file);
        return context is null or DefaultContext ? Default() : FromContext(context, source);
    }

    private string ConfigurationFolder => Variable("DOCKER_CONFIG") ?? Path.Combine(home, ".docker");

    private string? Variable(string name) => variable(name) is { Length: > 0 } value ? value : null;

    private static EngineEndpoint Parse(string address, string source, EngineTls? tls)
    {
        string shown = WorkspacePath.Printable(address);
        if (!Uri.TryCreate(address.StartsWith('/') ? "unix://" + address : address, UriKind.Absolute, out Uri? uri))
        {
            throw Invalid($"'{shown}' is not the address of a Docker engine ({source}).");
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
                throw Invalid(
                    $"The address {shown} ({source}) needs SSH, which this library does not speak.",
                    "Forward the socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock USER@HOST, then set"
                    + " DOCKER_HOST=unix:///tmp/docker.sock.");
            default:
                throw Invalid($"'{shown}' is not the address of a Docker engine ({source}).");
        }
    }

    private static Uri WithPort(Uri uri, int port) =>
        uri.Port > 0 && !uri.IsDefaultPort ? uri : new UriBuilder(uri) { Port = port }.Uri;

    private static SandboxUnavailableException Invalid(string message, string? hint = null, Exception? cause = null) => new(
        "docker-host-invalid",
        message,
        hint ?? "Use unix:///PATH, npipe://./pipe/NAME, or tcp://HOST:PORT; see what works with: docker context ls",
        cause);

    private string? CurrentContext(string file) => !exists(file) ? null : Read(
        file,
        $"'{file}'",
        root => root.TryGetProperty("currentContext", out JsonElement name) && name.GetString() is { Length: > 0 } text ? text : null);

    private EngineEndpoint FromContext(string name, string source)
    {
        string shown = WorkspacePath.Printable(name);
        string folder = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        string contexts = Path.Combine(ConfigurationFolder, "contexts");
        string file = Path.Combine(contexts, "meta", folder, "meta.json");
        if (!exists(file))
        {
            throw Invalid(
                $"There is no Docker context '{shown}' ({source}).",
                "See which there are with: docker context ls. Choose one with: docker context use NAME");
        }

        return Read(file, $"The Docker context '{shown}'", root =>
        {
            JsonElement docker = root.GetProperty("Endpoints").GetProperty("docker");
            bool skips = docker.TryGetProperty("SkipTLSVerify", out JsonElement skip) && skip.ValueKind == JsonValueKind.True;
            EngineTls tls = new(Path.Combine(contexts, "tls", folder, "docker"), skips);
            bool usesTls = skips || exists(tls.Authority) || exists(tls.Certificate);
            return Parse(docker.GetProperty("Host").GetString() ?? "", $"the Docker context '{shown}'", usesTls ? tls : null);
        });
    }

    private static T Read<T>(string file, string what, Func<JsonElement, T> take)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            return take(document.RootElement);
        }
        catch (Exception e) when (
            e is JsonException or KeyNotFoundException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw Invalid($"{what} cannot be read: {e.Message}", cause: e);
        }
    }

    /// <summary>The usual sockets: of the system, of a user's own engine, of Docker Desktop, of Podman.</summary>
    private EngineEndpoint Default()
    {
        if (OperatingSystem.IsWindows())
        {
            return new EngineEndpoint(new Uri(WindowsPipe), "the default");
        }

        string? runtime = Variable("XDG_RUNTIME_DIR");
        string?[] sockets =
        [
            SystemSocket,
            runtime is null ? null : Path.Combine(runtime, "docker.sock"),
            Path.Combine(home, ".docker/run/docker.sock"),
            runtime is null ? null : Path.Combine(runtime, "podman/podman.sock"),
            "/run/podman/podman.sock",
        ];
        string found = sockets.FirstOrDefault(s => s is not null && exists(s)) ?? SystemSocket;
        return new EngineEndpoint(new Uri("unix://" + found), "the default");
    }
}
