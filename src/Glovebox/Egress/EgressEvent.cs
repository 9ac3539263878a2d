using System.Text.Json.Serialization;

namespace Glovebox.Egress;

/// <summary>Something that the egress proxy decided about a connection or a request of guest code.</summary>
/// <remarks>It holds no query, no header, no body and no secret's value.</remarks>
public sealed class EgressEvent
{
    [JsonConstructor]
    internal EgressEvent(EgressEventKind kind, long connection, string host, int port)
    {
        Kind = kind;
        Connection = connection;
        Host = host;
        Port = port;
    }

    /// <summary>Gets what happened.</summary>
    public EgressEventKind Kind { get; }

    /// <summary>Gets the number of the connection of guest code, from 1 in each sandbox.</summary>
    public long Connection { get; }

    /// <summary>Gets the host that was asked for, in lower case; what cannot be read as one is shown as guest code wrote it, with its
    /// control characters escaped, cut at 255 letters.</summary>
    public string Host { get; }

    /// <summary>Gets the port; 0 where none could be read.</summary>
    public int Port { get; }

    /// <summary>Gets the method of an HTTP request that the proxy could see; null for a connection.</summary>
    [JsonInclude]
    public string? Method { get; internal init; }

    /// <summary>Gets the path of such a request, without its query, cut at 1,000 letters; else null.</summary>
    [JsonInclude]
    public string? Path { get; internal init; }

    /// <summary>Gets the rule that allowed it; null for what was refused, and for what was approved.</summary>
    [JsonInclude]
    public string? Rule { get; internal init; }

    /// <summary>Gets why it was refused or ended early, as a short name such as <c>not-in-list</c>; else null.</summary>
    [JsonInclude]
    public string? Reason { get; internal init; }

    /// <summary>Gets the names of the secrets that were put into the request.</summary>
    [JsonInclude]
    public IReadOnlyList<string> Secrets { get; internal init; } = [];

    /// <summary>Gets how many bytes guest code sent; known when it is closed.</summary>
    [JsonInclude]
    public long BytesSent { get; internal init; }

    /// <summary>Gets how many bytes guest code received; known when it is closed.</summary>
    [JsonInclude]
    public long BytesReceived { get; internal init; }
}

/// <summary>What happened at the egress proxy.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EgressEventKind>))]
public enum EgressEventKind
{
    /// <summary>A connection or a request was refused.</summary>
    Refused,

    /// <summary>A connection was made, or a request was sent.</summary>
    Allowed,

    /// <summary>A connection has ended.</summary>
    Closed,
}
