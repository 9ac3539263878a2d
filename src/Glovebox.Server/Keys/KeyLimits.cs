using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glovebox.Server.Keys;

/// <summary>What the holder of a key may use. Null: as much as the server gives to everyone.</summary>
public sealed record KeyLimits
{
    /// <summary>Gets the number of sessions at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? MaxSessions { get; init => field = (int?)AtLeast(value, 1); }

    /// <summary>Gets the number of requests in a minute. As many may come at once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? MaxRequestsPerMinute { get; init => field = (int?)AtLeast(value, 1); }

    /// <summary>Gets the number of blocks that run at a time, of all sessions of the key together.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? MaxExecutions { get; init => field = (int?)AtLeast(value, 1); }

    /// <summary>Gets the most memory of one sandbox, in bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 16 MiB.</exception>
    public long? MaxMemory { get; init => field = AtLeast(value, 16L << 20); }

    /// <summary>Gets the most processor time of one sandbox, in processors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.01.</exception>
    public double? MaxCpus
    {
        get;
        init => field = value is null or >= 0.01
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxCpus), value, "MaxCpus must be at least 0.01.");
    }

    /// <summary>Gets what sessions may reach.</summary>
    public KeyNetwork? Network { get; init; }

    /// <summary>Gets the templates whose sessions the key may begin. Null: all.</summary>
    public IReadOnlyList<string>? Templates { get; init; }

    internal string ToJson() => JsonSerializer.Serialize(this, KeyJson.Default.KeyLimits);

    /// <summary>Reads limits that were stored. What this version does not know is an error, not a limit that is lost.</summary>
    internal static KeyLimits OfJson(string json) =>
        JsonSerializer.Deserialize(json, KeyJson.Default.KeyLimits) ?? throw new JsonException("The limits of a key are null.");

    /// <summary>These limits, where they say something, and otherwise those of the server.</summary>
    internal KeyLimits Over(KeyLimits all) => new()
    {
        MaxSessions = MaxSessions ?? all.MaxSessions,
        MaxRequestsPerMinute = MaxRequestsPerMinute ?? all.MaxRequestsPerMinute,
        MaxExecutions = MaxExecutions ?? all.MaxExecutions,
        MaxMemory = MaxMemory ?? all.MaxMemory,
        MaxCpus = MaxCpus ?? all.MaxCpus,
        Network = Network ?? all.Network,
        Templates = Templates ?? all.Templates,
    };

    private static long? AtLeast(long? value, long least, [CallerMemberName] string name = "") => value < least
        ? throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.")
        : value;
}

/// <summary>What sessions of a key may reach.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KeyNetwork>))]
public enum KeyNetwork
{
    /// <summary>Nothing, whatever the template says.</summary>
    None,

    /// <summary>What the template says, or less.</summary>
    Template,

    /// <summary>Any public name, if a session asks for it by an allow-list.</summary>
    Listed,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(KeyLimits))]
internal sealed partial class KeyJson : JsonSerializerContext;
