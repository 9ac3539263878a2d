namespace Glovebox.Docker.Engine;

/// <summary>Where an engine listens.</summary>
/// <param name="Address">A <c>unix</c>, <c>npipe</c> or <c>tcp</c> address.</param>
/// <param name="Source">Where that was said, for messages: <c>DOCKER_HOST</c>, a context, the default.</param>
/// <param name="Tls">What to identify with over TCP; null: no TLS.</param>
internal sealed record EngineEndpoint(Uri Address, string Source, EngineTls? Tls = null)
{
    public bool IsUnixSocket => Address.Scheme == "unix";

    /// <summary>Whether the engine is on this machine, and so may see its files.</summary>
    public bool IsLocal => Address.Scheme is "unix" or "npipe";

    public override string ToString() => $"{Address.OriginalString} ({Source})";
}

/// <summary>The PEM files of a TLS connection. Those that do not exist are not used.</summary>
/// <param name="Folder">The folder of <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c>.</param>
/// <param name="SkipsVerification">Whether the engine's certificate is not checked.</param>
internal sealed record EngineTls(string Folder, bool SkipsVerification)
{
    public string Authority => Path.Combine(Folder, "ca.pem");

    public string Certificate => Path.Combine(Folder, "cert.pem");

    public string Key => Path.Combine(Folder, "key.pem");
}
