using System.Text;
using System.Text.RegularExpressions;
using Glovebox.Functions.Python;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions;

/// <summary>The functions that an executor offers to guest code, and the module that holds them.</summary>
internal sealed partial class FunctionSet
{
    /// <summary>The default text that a model is told.</summary>
    private const string DefaultTemplate =
        "The Python module `$module_name` has the functions below. Import those that you need, for example "
        + "`from $module_name import $first`; do not write them yourself.\n\n$functions";

    /// <summary>Names that Glovebox uses itself.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "_glovebox", "_glovebox_functions", "HostFunctionError", "__main__",
    };

    private readonly List<FunctionWithRequirements> _python = [];
    private readonly Dictionary<string, AIFunction> _host = new(StringComparer.Ordinal);
    private readonly List<string> _stubs = [];
    private readonly List<string> _types = [];

    /// <summary>Takes the functions as they are now.</summary>
    /// <exception cref="ArgumentException">A tool is of another kind, a name is no identifier, or two have the same; a package is
    /// empty.</exception>
    public FunctionSet(string module, IEnumerable<AITool> tools, IEnumerable<string> packages)
    {
        Module = module;
        HashSet<string> names = new(StringComparer.Ordinal);
        AITool[] all = [.. tools];
        PythonTypes types = new([.. Reserved, .. all.OfType<AITool>().Select(t => t.Name)]);
        foreach (AITool tool in all)
        {
            switch (tool)
            {
                case FunctionWithRequirements python:
                    _python.Add(python);
                    _stubs.Add(python.Stub);
                    break;
                case AIFunction host:
                    CheckName(host.Name);
                    _host.Add(host.Name, host);
                    _stubs.Add(new HostFunctionStub(host, types).Stub);
                    break;
                case null:
                    throw new ArgumentException("Functions holds a null.");
                default:
                    throw new ArgumentException(
                        $"Functions holds '{tool.Name}', a {tool.GetType().Name}. Guest code can be given an AIFunction or a "
                        + "FunctionWithRequirements.");
            }

            if (!names.Add(tool.Name))
            {
                throw new ArgumentException($"Functions holds two functions that are called '{tool.Name}'.");
            }
        }

        if (packages.Any(p => string.IsNullOrWhiteSpace(p) || p.AsSpan().ContainsAny('\0', '\r', '\n') || p[0] == '-'))
        {
            throw new ArgumentException("Packages must hold requirements of pip, such as pandas or requests>=2.31.");
        }

        Packages = [.. packages.Concat(_python.SelectMany(f => f.PythonPackages)).Distinct(StringComparer.Ordinal)];
        _types.AddRange(types.Names);
        FirstName = all.FirstOrDefault()?.Name ?? "";
    }

    /// <summary>The name of the module.</summary>
    public string Module { get; }

    /// <summary>Whether there are no functions; there may be packages.</summary>
    public bool IsEmpty => _stubs.Count == 0;

    /// <summary>What pip has to install.</summary>
    public IReadOnlyList<string> Packages { get; }

    /// <summary>The functions that run on the host, by name.</summary>
    public IReadOnlyDictionary<string, AIFunction> HostFunctions => _host;

    /// <summary>The names of the functions that run in the guest, in the module's order.</summary>
    public IEnumerable<string> PythonNames => _python.Select(f => f.Name);

    private string FirstName { get; }

    /// <summary>Whether a module may be called so: an identifier, no keyword, and no name that Glovebox uses itself.</summary>
    public static bool IsModuleName(string? module) => module is not null && PythonName.IsIdentifier(module) && !Reserved.Contains(module);

    /// <summary>The module's source.</summary>
    public string ModuleSource()
    {
        StringBuilder text = new();
        string[] imports = [.. _python.SelectMany(f => f.GlobalImports).Select(i => i.Statement).Distinct(StringComparer.Ordinal)];

        // Python wants these first.
        foreach (string import in imports.OrderBy(i => !i.StartsWith("from __future__", StringComparison.Ordinal)))
        {
            text.Append(import).Append('\n');
        }

        if (_host.Count > 0)
        {
            text.Append("from _glovebox_functions import HostFunctionError, ").AppendJoin(", ", [.. _host.Keys, .. _types]).Append('\n');
        }

        foreach (FunctionWithRequirements function in _python)
        {
            text.Append("\n\n").Append(function.Source).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The source of the module behind it, which calls the host.</summary>
    public string StubSource()
    {
        // Types as text: they are for the reader, and older interpreters do not know all of them.
        StringBuilder text = new(
            """
            from __future__ import annotations

            from typing import Any, Literal, TypedDict

            import _glovebox
            from _glovebox import HostFunctionError

            try:
                from typing import NotRequired
            except ImportError:
                pass

            """);
        PythonTypes types = new([.. Reserved, .. _python.Select(f => f.Name), .. _host.Keys]);
        foreach (AIFunction function in _host.Values)
        {
            text.Append("\n\n").Append(new HostFunctionStub(function, types).Source);
        }

        return text.ToString();
    }

    /// <summary>Describes the functions for a model; an empty text when there are no functions.</summary>
    public string FormatForPrompt(string? template)
    {
        if (IsEmpty)
        {
            return "";
        }

        // In one pass: what a function says of itself is only text.
        return Placeholder().Replace(
            template ?? DefaultTemplate.Replace("$first", FirstName, StringComparison.Ordinal),
            placeholder => placeholder.Value == "$functions" ? string.Join("\n\n", _stubs) : Module);
    }

    private static void CheckName(string name)
    {
        if (!PythonName.IsIdentifier(name) || Reserved.Contains(name))
        {
            throw new ArgumentException(
                $"The function's name '{name}' must be a Python identifier, for guest code to import it. Give it another with "
                + "AIFunctionFactoryOptions.Name.");
        }
    }

    [GeneratedRegex(@"\$(module_name|functions)", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
