using Glovebox.Server.Native;
using Glovebox.Server.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Glovebox.Server.Hosting;

/// <summary>For whoever looks after the server: does it live, and does it take sessions? They need no key and tell nothing else.</summary>
internal sealed class HealthRoutes(Gate gate, GloveboxServer server)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        NativeSurface surface = new();
        routes.MapMethods("/healthz", ["GET"], gate.Open(surface, http => AnswerAsync(http, "healthy", 200)));
        routes.MapMethods("/readyz", ["GET"], gate.Open(
            surface, http => server.IsReady ? AnswerAsync(http, "ready", 200) : AnswerAsync(http, "not-ready", 503)));
    }

    private static Task AnswerAsync(HttpContext http, string status, int code)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync($$"""{"status":"{{status}}"}""", http.RequestAborted);
    }
}
