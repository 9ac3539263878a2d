using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Glovebox.Server.Keys;

namespace Glovebox.Cli.Serve;

/// <summary>Keys as people and as programs read them.</summary>
internal static class KeyReport
{
    public static string Text(IReadOnlyList<ApiKey> keys)
    {
        if (keys.Count == 0)
        {
            return "There is no key.\n";
        }

        int width = keys.Max(k => k.Name.Length);
        StringBuilder text = new();
        foreach (ApiKey key in keys)
        {
            text.Append(CultureInfo.InvariantCulture, $"{key.Name.PadRight(width)}  made {Day(key.Created)}, ")
                .Append(key.Used is { } used ? $"last used {Day(used)}" : "never used")
                .Append(key.Limits == new KeyLimits() ? "" : $", {string.Join(", ", Limits(key.Limits))}")
                .Append('\n');
        }

        return text.ToString();
    }

    public static string Json(IReadOnlyList<ApiKey> keys) => JsonSerializer.Serialize(
        new KeyList([.. keys.Select(k => new KeyItem(k.Name, k.Created, k.Used, k.Limits))]), KeyReportJson.Default.KeyList) + "\n";

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Limits(KeyLimits limits)
    {
        string?[] said =
        [
            limits.MaxSessions is { } sessions ? $"{sessions} sessions" : null,
            limits.MaxRequestsPerMinute is { } requests ? $"{requests} requests a minute" : null,
            limits.MaxExecutions is { } executions ? $"{executions} blocks at a time" : null,
            limits.MaxMemory is { } memory ? $"{memory >> 20} MiB" : null,
            limits.MaxCpus is { } cpus ? string.Create(CultureInfo.InvariantCulture, $"{cpus} cores") : null,
            limits.Network is { } network ? $"network {JsonNamingPolicy.KebabCaseLower.ConvertName(network.ToString())}" : null,
            limits.Templates is { } templates ? $"templates {string.Join(" ", templates)}" : null,
        ];
        return said.OfType<string>();
    }
}

internal sealed record KeyList(IReadOnlyList<KeyItem> Keys);

internal sealed record KeyItem(string Name, DateTimeOffset Created, DateTimeOffset? Used, KeyLimits Limits);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeyList))]
internal sealed partial class KeyReportJson : JsonSerializerContext;
