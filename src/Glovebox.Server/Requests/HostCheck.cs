using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Glovebox.Server.Requests;

/// <summary>Keeps web pages of others away: a browser says in <c>Host</c> by which name it came, and in <c>Origin</c> from which
/// page.</summary>
internal sealed class HostCheck(GloveboxServerOptions options)
{
    private readonly HashSet<string> _hosts =
        new(["localhost", "127.0.0.1", "[::1]", .. options.AllowedHosts], StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<string> _origins = new(options.AllowedOrigins, StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ApiException">The request comes by a name or from a page that is not allowed.</exception>
    public void Check(HttpRequest request)
    {
        if (!_hosts.Contains(request.Host.Host))
        {
            throw new ApiException(
                421, "host-not-allowed", "The server is not called by this name.", "Start it with --allow-host NAME, or AllowedHosts.");
        }

        StringValues origins = request.Headers.Origin;
        foreach (string? origin in origins)
        {
            if (!string.IsNullOrEmpty(origin)
                && !_origins.Contains(origin)
                && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
            {
                throw new ApiException(
                    403, "origin-not-allowed", "Pages of other origins may not call this server.",
                    "Start it with --allow-origin ORIGIN, or AllowedOrigins.");
            }
        }
    }
}
