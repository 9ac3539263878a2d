namespace Glovebox.Jupyter.Servers;

/// <summary>The address of a server, as people have it: what a Jupyter server prints when it starts.</summary>
internal static class ServerAddress
{
    private const string TokenKey = "token=";

    /// <summary>Gives the server's root, ending in a slash and without a query, and its token.</summary>
    /// <exception cref="ArgumentException">Two tokens differ.</exception>
    public static (Uri Root, string? Token) Parse(Uri address, string? token)
    {
        string? inAddress = address.Query.TrimStart('?').Split('&').FirstOrDefault(
            p => p.StartsWith(TokenKey, StringComparison.Ordinal)) is { } pair
            ? Uri.UnescapeDataString(pair[TokenKey.Length..])
            : null;
        if (inAddress is not null && token is not null && inAddress != token)
        {
            throw new ArgumentException("Url has one token and Token another. Leave out one of them.");
        }

        string path = address.AbsolutePath.EndsWith('/') ? address.AbsolutePath : address.AbsolutePath + "/";
        UriBuilder root = new(address.Scheme, address.Host, address.Port, path);
        return (root.Uri, token ?? (inAddress is { Length: > 0 } ? inAddress : null));
    }
}
