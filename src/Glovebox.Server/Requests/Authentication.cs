using Glovebox.Server.Keys;
using Microsoft.AspNetCore.Http;

namespace Glovebox.Server.Requests;

/// <summary>Finds out whose request it is.</summary>
internal sealed class Authentication(KeyStore keys, GloveboxServerOptions options)
{
    /// <summary>The cookie of a browser that is signed in. Scripts cannot read it.</summary>
    public const string Cookie = "glovebox";

    /// <summary>Finds the key of a request: a bearer token, an API key, or a sign-in.</summary>
    /// <exception cref="ApiException">There is none that counts.</exception>
    public ApiKey Find(HttpRequest request)
    {
        ApiKey? key = null;
        if (Bearer(request) is { } bearer)
        {
            key = keys.Find(bearer);
        }
        else if (request.Headers["X-API-Key"] is [{ Length: > 0 } text])
        {
            key = keys.Find(text);
        }
        else if (request.Cookies[Cookie] is { Length: > 0 } token)
        {
            key = keys.FindSignIn(token);
        }

        return key is null
            ? throw new ApiException(
                401, "key-needed", "The request has no key of this server.",
                "Send 'Authorization: Bearer KEY'. Make a key with: glovebox keys add NAME")
            : key with { Limits = key.Limits.Over(options.Limits) };
    }

    private static string? Bearer(HttpRequest request) =>
        request.Headers.Authorization is [{ } value] && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? value["Bearer ".Length..].Trim()
            : null;
}
