using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Glovebox.Functions.Python;

/// <summary>Says JSON schemas as Python types. Objects with known properties become classes, each defined once, before the function that
/// needs it first.</summary>
/// <param name="taken">Names that no class may have.</param>
internal sealed class PythonTypes(IEnumerable<string> taken)
{
    private const string Anything = "Any";
    private const string Indentation = "    ";

    /// <summary>A deeper hint is of no use to a reader.</summary>
    private const int MaxDepth = 8;

    /// <summary>What class definitions use, and what they would hide from them.</summary>
    private static readonly string[] Used =
        ["Any", "Literal", "NotRequired", "TypedDict", "HostFunctionError", "bool", "bytes", "dict", "float", "int", "list", "str"];

    private readonly HashSet<string> _taken = new([.. taken, .. Used], StringComparer.Ordinal);

    /// <summary>The names of classes, by what their schemas say.</summary>
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>The names of classes, by what their definitions say.</summary>
    private readonly Dictionary<string, string> _byMembers = new(StringComparer.Ordinal);

    private readonly List<string> _definitions = [];
    private int _given;

    /// <summary>The names of the classes that were defined.</summary>
    public IReadOnlyCollection<string> Names => _byMembers.Values;

    /// <summary>Says a schema as a type.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="root">The schema to which its references refer.</param>
    /// <param name="name">What it is the schema of: a class is called after it.</param>
    public string Hint(JsonElement schema, JsonElement root, string name) => new Reader(this, root).Of(schema, name, 0);

    /// <summary>Gives the definitions of the classes that were not given before.</summary>
    public IReadOnlyList<string> TakeDefinitions()
    {
        List<string> definitions = _definitions[_given..];
        _given = _definitions.Count;
        return definitions;
    }

    private static string Text(JsonElement schema, string keyword) =>
        schema.TryGet(keyword, JsonValueKind.String, out JsonElement text) ? text.GetString()!.Trim() : "";

    /// <summary>Reads what refers to one root.</summary>
    private sealed class Reader(PythonTypes types, JsonElement root)
    {
        public string Of(JsonElement schema, string name, int depth)
        {
            if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth)
            {
                return Anything;
            }

            if (schema.TryGet("$ref", JsonValueKind.String, out JsonElement reference))
            {
                return Resolve(reference.GetString()!) is { } found ? Of(found, NameOf(reference.GetString()!, name), depth + 1) : Anything;
            }

            if (schema.TryGet("enum", JsonValueKind.Array, out JsonElement values)
                && values.EnumerateArray().All(v => v.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)))
            {
                return $"Literal[{string.Join(", ", values.EnumerateArray().Select(PythonText.Literal))}]";
            }

            foreach (string keyword in (ReadOnlySpan<string>)["anyOf", "oneOf"])
            {
                if (schema.TryGet(keyword, JsonValueKind.Array, out JsonElement options))
                {
                    return Union(options.EnumerateArray().Select(o => Of(o, name, depth + 1)));
                }
            }

            return !schema.TryGetProperty("type", out JsonElement type) ? Anything
                : type.ValueKind == JsonValueKind.String ? Named(type.GetString()!, schema, name, depth)
                : type.ValueKind == JsonValueKind.Array ? Union(type.EnumerateArray().Select(t => Named(t.ToString(), schema, name, depth)))
                : Anything;
        }

        private string Named(string type, JsonElement schema, string name, int depth) => type switch
        {
            "string" => "str",
            "integer" => "int",
            "number" => "float",
            "boolean" => "bool",
            "null" => "None",
            "array" => schema.TryGetProperty("items", out JsonElement items) ? $"list[{Of(items, name + "_item", depth + 1)}]" : "list",
            "object" => schema.TryGet("properties", JsonValueKind.Object, out JsonElement properties) && properties.EnumerateObject().Any()
                ? Class(schema, properties, name, depth)
                : schema.TryGet("additionalProperties", JsonValueKind.Object, out JsonElement values)
                ? $"dict[str, {Of(values, name + "_value", depth + 1)}]"
                : "dict[str, Any]",
            _ => Anything,
        };

        private string Class(JsonElement schema, JsonElement properties, string name, int depth)
        {
            if (depth == MaxDepth)
            {
                return "dict[str, Any]";
            }

            // What is said of one place of it does not make it another type.
            string[] annotations = ["description", "title", "default"];
            string key = string.Join(
                ',', schema.EnumerateObject().Where(p => !annotations.Contains(p.Name) && p.Name != "type").Select(p => p.ToString()));
            if (types._names.TryGetValue(key, out string? known))
            {
                return known;
            }

            // Known by its name before its properties are read, for one of them may be of the same type.
            string asked = Text(schema, "title") is { Length: > 0 } title ? title : name;
            string own = types._names[key] = PythonName.Of(Pascal(asked), types._taken);
            HashSet<string> required = schema.TryGet("required", JsonValueKind.Array, out JsonElement names)
                ? [.. names.EnumerateArray().Select(n => n.ToString())]
                : [];
            (string Name, string Hint, string Doc)[] members =
            [
                .. properties.EnumerateObject().Select(p => (
                    p.Name,
                    required.Contains(p.Name) ? Of(p.Value, p.Name, depth + 1) : $"NotRequired[{Of(p.Value, p.Name, depth + 1)}]",
                    Text(p.Value, "description").ReplaceLineEndings(" "))),
            ];

            // Schemas may say the same in other words: by a reference, say.
            string said = string.Join('\n', members.Select(m => $"{m.Name}\0{m.Hint}\0{m.Doc}"));
            if (types._byMembers.TryGetValue(said, out string? same))
            {
                types._taken.Remove(own);
                return types._names[key] = same;
            }

            types._byMembers[said] = own;
            types._definitions.Add(Definition(own, Text(schema, "description"), members));
            return own;
        }

        private static string Definition(string name, string description, (string Name, string Hint, string Doc)[] members)
        {
            StringBuilder text = new();
            string doc = string.Concat(members.Where(m => m.Doc.Length > 0).Select(m => $"\n{Indentation}{m.Name}: {m.Doc}"));
            doc = description + (doc.Length == 0 ? "" : (description.Length == 0 ? "" : "\n\n") + "Keys:" + doc);
            if (members.Any(m => !PythonName.IsIdentifier(m.Name) || m.Name.StartsWith("__", StringComparison.Ordinal)))
            {
                // A key that is no name of Python's fits into no class statement. The hints are text, for they may name what comes later.
                text.Append(CultureInfo.InvariantCulture, $"{name} = TypedDict({PythonText.Literal(name)}, {{");
                text.AppendJoin(", ", members.Select(m => $"{PythonText.Literal(m.Name)}: {PythonText.Literal(m.Hint)}")).Append("})");
                return doc.Length == 0 ? text.ToString() : $"{text}\n{PythonText.Docstring(doc, "")}";
            }

            text.Append(CultureInfo.InvariantCulture, $"class {name}(TypedDict):\n");
            if (doc.Length > 0)
            {
                text.Append(Indentation).Append(PythonText.Docstring(doc, Indentation)).Append('\n');
            }

            return text.AppendJoin('\n', members.Select(m => $"{Indentation}{m.Name}: {m.Hint}")).ToString();
        }

        /// <summary>Follows a reference within the root, as JSON pointers are written.</summary>
        private JsonElement? Resolve(string reference)
        {
            if (!reference.StartsWith('#'))
            {
                return null;
            }

            JsonElement at = root;
            foreach (string part in reference.Split('/').Skip(1))
            {
                string name = Uri.UnescapeDataString(part)
                    .Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
                if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out JsonElement property))
                {
                    at = property;
                }
                else if (at.ValueKind == JsonValueKind.Array
                    && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < at.GetArrayLength())
                {
                    at = at[index];
                }
                else
                {
                    return null;
                }
            }

            return at;
        }

        /// <summary>A definition's own name says more than the place that refers to it.</summary>
        private static string NameOf(string reference, string name) =>
            reference.Split('/') is [.., "$defs" or "definitions", var last] ? last : name;

        private static string Pascal(string text) => string.Concat(
            text.Split(['_', '-', ' ', '.'], StringSplitOptions.RemoveEmptyEntries).Select(w => char.ToUpperInvariant(w[0]) + w[1..]));

        private static string Union(IEnumerable<string> hints)
        {
            string[] distinct = [.. hints.Distinct(StringComparer.Ordinal)];
            return distinct.Length == 0 || distinct.Contains(Anything) ? Anything : string.Join(" | ", distinct.OrderBy(h => h == "None"));
        }
    }
}
