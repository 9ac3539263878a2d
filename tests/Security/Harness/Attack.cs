using System.Text.Json;

namespace Glovebox.Tests.Security.Harness;

/// <summary>A hostile program of the folder <c>Attacks</c>, with what its first lines say of it.</summary>
internal sealed class Attack
{
    private const string FactsLine = "HOST = json.loads(os.environ.get('GLOVEBOX_ATTACK', '{}'))";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Attacks");

    private readonly string _code;
    private readonly Dictionary<string, string> _head;

    private Attack(string name)
    {
        Name = name;
        string[] lines = File.ReadAllLines(Path.Combine(Folder, name + ".py"));
        _head = lines.TakeWhile(l => l.StartsWith('#')).Select(l => l[2..].Split(": ", 2)).Where(p => p.Length == 2)
            .ToDictionary(p => p[0], p => p[1]);
        _code = string.Join('\n', lines.Select(l => l switch
        {
            "from attack import *" => Read("attack"),
            "from bridge.client import *" => Read("bridge/client"),
            _ => l,
        }));
    }

    /// <summary>GROUP/NAME.</summary>
    public string Name { get; }

    /// <summary>What lets the same program succeed.</summary>
    public string? Canary => _head.GetValueOrDefault("canary");

    /// <summary>Whether only the host can tell what came of it.</summary>
    public bool IsJudgedByHost => Canary is "read" or "race" or "names" or "users";

    /// <summary>Whether it may spoil its sandbox, or needs small limits.</summary>
    public bool NeedsOwnSandbox => _head.GetValueOrDefault("sandbox") == "own";

    public static Attack Load(string name) => new(name);

    /// <summary>The attacks of some groups, or all.</summary>
    public static IEnumerable<Attack> Of(params string[] groups) => groups
        .SelectMany(g => Directory.EnumerateFiles(Path.Combine(Folder, g), "*.py").Order(StringComparer.Ordinal)
            .Select(f => $"{g}/{Path.GetFileNameWithoutExtension(f)}"))
        .Where(n => n is not "bridge/client" and not "sessions/plant")
        .Select(Load);

    /// <summary>Whether it is tried on a set-up; if not, the file says why.</summary>
    public bool IsOn(string setUp) => _head.GetValueOrDefault("not-on")?.StartsWith(setUp + ":", StringComparison.Ordinal) != true;

    /// <summary>The whole program.</summary>
    /// <param name="facts">What it knows of the host.</param>
    public string Code(IReadOnlyDictionary<string, object> facts)
    {
        Assert.Contains(FactsLine, _code, StringComparison.Ordinal);
        string text = JsonSerializer.Serialize(JsonSerializer.Serialize(facts));
        return _code.Replace(FactsLine, $"HOST = json.loads({text})", StringComparison.Ordinal);
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(Folder, name + ".py"));
}
