using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions.Python;

/// <summary>The Python function through which guest code calls a function of the host.</summary>
internal sealed class HostFunctionStub
{
    private const string Indentation = "    ";

    private readonly AIFunction _function;
    private readonly string _returnHint;
    private readonly IReadOnlyList<string> _types;
    private readonly List<Parameter> _parameters = [];
    private readonly bool _returnsBytes;

    /// <param name="function">The function.</param>
    /// <param name="types">The types that its schemas name, together with those of other functions.</param>
    public HostFunctionStub(AIFunction function, PythonTypes types)
    {
        _function = function;
        _returnsBytes = function.UnderlyingMethod is { } method && IsBytes(ResultOf(method.ReturnType));
        ReadParameters(types);

        // Python wants parameters without a default first.
        _parameters = [.. _parameters.OrderBy(p => !p.IsRequired)];
        _returnHint = ReturnHint(types);
        _types = types.TakeDefinitions();
    }

    /// <summary>From <c>def</c> to the docstring.</summary>
    private string Head
    {
        get
        {
            string docstring = Docstring();
            return $"def {_function.Name}({string.Join(", ", _parameters.Select(p => p.Declaration))}) -> {_returnHint}:\n"
                + (docstring.Length == 0 ? "" : $"{Indentation}{PythonText.Docstring(docstring, Indentation)}\n");
        }
    }

    /// <summary>For the prompt: the function without its body.</summary>
    public string Stub => string.Concat(_types.Select(t => t + "\n\n")) + Head + Indentation + "...";

    /// <summary>For the module: the function that makes the call.</summary>
    public string Source
    {
        get
        {
            IEnumerable<string> always = _parameters.Where(p => !p.IsLeftOutWhenNone)
                .Select(p => $"{PythonText.Literal(p.JsonName)}: {p.Name}");
            IEnumerable<string> optional = _parameters.Where(p => p.IsLeftOutWhenNone)
                .Select(p => $"    if {p.Name} is not None:\n        _glovebox_arguments[{PythonText.Literal(p.JsonName)}] = {p.Name}\n");
            string call = $"_glovebox.call({PythonText.Literal(_function.Name)}, _glovebox_arguments)";
            string types = string.Concat(_types.Select(t => t + "\n\n\n"));
            return $"{types}{Head}    _glovebox_arguments = {{{string.Join(", ", always)}}}\n{string.Concat(optional)}"
                + $"    return {(_returnsBytes ? $"_glovebox.decode({call})" : call)}\n";
        }
    }

    private string ReturnHint(PythonTypes types) => _returnsBytes ? "bytes"
        : _function.ReturnJsonSchema is { } schema ? types.Hint(schema, schema, _function.Name + "_result")
        : _function.UnderlyingMethod is { } method && ResultOf(method.ReturnType) is null ? "None"
        : "Any";

    private void ReadParameters(PythonTypes types)
    {
        if (!_function.JsonSchema.TryGet("properties", JsonValueKind.Object, out JsonElement properties))
        {
            return;
        }

        HashSet<string> required = _function.JsonSchema.TryGet("required", JsonValueKind.Array, out JsonElement names)
            ? [.. names.EnumerateArray().Select(n => n.ToString())]
            : [];
        HashSet<string> taken = new(StringComparer.Ordinal) { "_glovebox", "_glovebox_arguments" };
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            ParameterInfo? parameter = _function.UnderlyingMethod?.GetParameters().FirstOrDefault(p => p.Name == property.Name);
            _parameters.Add(new Parameter(
                property.Name,
                PythonName.Of(property.Name, taken),
                property.Value,
                IsBytes(parameter?.ParameterType) ? "bytes" : types.Hint(property.Value, _function.JsonSchema, property.Name),
                required.Contains(property.Name)));
        }
    }

    private string Docstring()
    {
        StringBuilder text = new(_function.Description.Trim());
        if (_parameters.Any(p => p.Description.Length > 0))
        {
            text.Append(text.Length > 0 ? "\n\nArgs:" : "Args:");
            foreach (Parameter parameter in _parameters.Where(p => p.Description.Length > 0))
            {
                text.Append("\n    ").Append(parameter.Name).Append(": ").Append(parameter.Description.ReplaceLineEndings(" "));
            }
        }

        if (_function.ReturnJsonSchema is { ValueKind: JsonValueKind.Object } schema && DescriptionOf(schema) is { Length: > 0 } result)
        {
            text.Append(text.Length > 0 ? "\n\nReturns:\n    " : "Returns:\n    ").Append(result.ReplaceLineEndings(" "));
        }

        return text.ToString();
    }

    private static string DescriptionOf(JsonElement schema) =>
        schema.TryGet("description", JsonValueKind.String, out JsonElement text) ? text.GetString()!.Trim() : "";

    /// <summary>In JSON these are base64, which only the method's own types tell from other text.</summary>
    private static bool IsBytes(Type? type) =>
        type == typeof(byte[]) || type == typeof(ReadOnlyMemory<byte>) || type == typeof(Memory<byte>);

    /// <summary>What a method gives in the end; null for nothing.</summary>
    private static Type? ResultOf(Type type) =>
        type == typeof(void) || type == typeof(Task) || type == typeof(ValueTask) ? null
        : type.IsGenericType && type.GetGenericTypeDefinition() is { } task && (task == typeof(Task<>) || task == typeof(ValueTask<>))
            ? type.GenericTypeArguments[0]
        : type;

    private sealed record Parameter(string JsonName, string Name, JsonElement Schema, string Hint, bool IsRequired)
    {
        private JsonElement? Default =>
            !IsRequired && Schema.ValueKind == JsonValueKind.Object && Schema.TryGetProperty("default", out JsonElement value)
                ? value
                : null;

        /// <summary>The schema says that it may be missing and not what it is then: the function knows.</summary>
        public bool IsLeftOutWhenNone => !IsRequired && Default is null;

        public string Description => DescriptionOf(Schema);

        public string Declaration
        {
            get
            {
                string hint = Hint;
                if (IsLeftOutWhenNone && hint != "Any" && !hint.EndsWith("None", StringComparison.Ordinal))
                {
                    hint += " | None";
                }

                return IsRequired ? $"{Name}: {hint}" : $"{Name}: {hint} = {(Default is { } value ? PythonText.Literal(value) : "None")}";
            }
        }
    }
}
