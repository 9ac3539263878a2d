using System.Text.Json.Serialization;
using Glovebox.Egress;

namespace Glovebox.Cli.Output;

/// <summary>What the programs of a run wanted to reach, and did not.</summary>
internal sealed class Refusals
{
    /// <summary>The most that are told of: a program can make up names without end.</summary>
    private const int MostTold = 20;

    private const string RequestNotInList = "request-not-in-list";

    private readonly List<JsonRefusal> _told = [];
    private int _untold;

    /// <summary>Those that are told of, each once.</summary>
    public IReadOnlyList<JsonRefusal> Told => _told;

    public void Add(CodeExecutionUpdate update)
    {
        if (update is not EgressUpdate { Event: { Kind: EgressEventKind.Refused } refused })
        {
            return;
        }

        JsonRefusal told = new(refused.Host, refused.Port, refused.Reason ?? "", refused.Method, refused.Path);
        if (told.Reason != RequestNotInList)
        {
            told = told with { Method = null, Path = null };
        }

        if (_told.Contains(told))
        {
            return;
        }

        if (_told.Count == MostTold)
        {
            _untold++;
            return;
        }

        _told.Add(told);
    }

    /// <summary>A line for each, and one that says how many more there are.</summary>
    /// <param name="namesOption">Whether the lines say by which option of the tool a host is allowed.</param>
    public IEnumerable<string> Lines(bool namesOption)
    {
        foreach (JsonRefusal refusal in _told)
        {
            yield return $"Refused: {Place(refusal)} ({Why(refusal, namesOption)})";
        }

        if (_untold > 0)
        {
            yield return $"Refused: {_untold} more";
        }
    }

    private static string Place(JsonRefusal refusal) =>
        refusal.Host.Length == 0 ? "a connection" : TerminalText.Line(refusal.Port == 0 ? refusal.Host : $"{refusal.Host}:{refusal.Port}");

    private static string Why(JsonRefusal refusal, bool namesOption)
    {
        string rule = refusal.Port is 80 or 443 ? refusal.Host : $"{refusal.Host}:{refusal.Port}";
        (string why, string? needed) = refusal.Reason switch
        {
            "not-in-list" => ("not in the list", rule),
            RequestNotInList => ($"{TerminalText.Line($"{refusal.Method} {refusal.Path}")} is not in the list", null),
            "private-address" => ("it leads to a private address", $"'{rule} private'"),
            "unreachable" => ("it cannot be reached", null),
            "bad-name" => ("this is no name of a host", null),
            _ => (refusal.Reason, (string?)null),
        };
        return namesOption && needed is not null ? $"{why}; --allow-domain {needed} allows it" : why;
    }
}

/// <summary>Something that was refused.</summary>
internal sealed record JsonRefusal(
    string Host,
    int Port,
    string Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Method,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Path);
