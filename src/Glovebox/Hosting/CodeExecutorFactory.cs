using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Glovebox.Middleware;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>Makes executors of configuration that names their kind, and writes them back.</summary>
/// <remarks>
/// <para>A section says <c>Kind</c> (<c>bubblewrap</c>, <c>local</c>, or one that was registered) and, beside it, the kind's options by
/// their names: <c>{ "Kind": "bubblewrap", "Timeout": "00:02:00", "Policy": { "Memory": 536870912 } }</c>. Only registered kinds can be
/// made, but options may name host directories and the executor that isolates nothing: read configuration only from where you trust
/// it.</para>
/// <para>Register kinds before use; all else may be called from any thread.</para>
/// </remarks>
public sealed class CodeExecutorFactory
{
    /// <summary>The key that names the kind.</summary>
    public const string KindKey = "Kind";

    /// <summary>The kinds of the library's other packages: the package, and what is registered. Nothing looks for them by itself, because
    /// what is looked for by name would be trimmed away.</summary>
    private static readonly Dictionary<string, (string Package, string Kind)> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["docker"] = ("Glovebox.Docker", "Glovebox.Docker.DockerCommandLineCodeExecutor.Kind"),
        ["docker-interpreter"] = ("Glovebox.Docker", "Glovebox.Docker.DockerInterpreterCodeExecutor.Kind"),
        ["docker-jupyter"] = ("Glovebox.Docker", "Glovebox.Docker.DockerJupyterCodeExecutor.Kind"),
        ["jupyter"] = ("Glovebox.Jupyter", "Glovebox.Jupyter.JupyterCodeExecutor.Kind"),
    };

    private readonly OrderedDictionary<string, CodeExecutorKind> _kinds = new(StringComparer.OrdinalIgnoreCase);
    private readonly IServiceProvider? _services;

    /// <summary>Makes a factory that knows <c>bubblewrap</c>, <c>interpreter</c>, <c>local</c> and <c>local-interpreter</c>, and
    /// every <see cref="CodeExecutorKind"/> among the
    /// services.</summary>
    /// <param name="services">Executors get their logger factory and time provider from here. Null: they have none.</param>
    public CodeExecutorFactory(IServiceProvider? services = null)
    {
        _services = services;
        Register(BubblewrapCommandLineCodeExecutor.Kind);
        Register(InterpreterCodeExecutor.Kind);
        Register(LocalCommandLineCodeExecutor.Kind);
        Register(LocalInterpreterCodeExecutor.Kind);
        foreach (CodeExecutorKind kind in (IEnumerable<CodeExecutorKind>?)services?.GetService(typeof(IEnumerable<CodeExecutorKind>)) ?? [])
        {
            Register(kind);
        }
    }

    /// <summary>Gets the kinds that can be made, in the order in which they were registered.</summary>
    public IReadOnlyCollection<CodeExecutorKind> Kinds => _kinds.Values;

    /// <summary>Adds a kind.</summary>
    /// <param name="kind">Its name must be new. A kind that is registered already is not registered again.</param>
    /// <returns>This factory.</returns>
    /// <exception cref="ArgumentException">There is another kind of that name.</exception>
    public CodeExecutorFactory Register(CodeExecutorKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return _kinds.TryAdd(kind.Name, kind) || _kinds[kind.Name] == kind
            ? this
            : throw new ArgumentException($"There is a kind of executor '{kind.Name}' already.");
    }

    /// <summary>Makes an executor; nothing is started, and the caller disposes it.</summary>
    /// <param name="configuration">Names the kind and holds its options. Read now; later changes have no effect.</param>
    /// <exception cref="ArgumentException">The kind is missing or not registered, or a setting is unknown or wrong. The message names the
    /// key.</exception>
    public ICodeExecutor Create(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        IConfigurationSection section = configuration.GetSection(KindKey);
        string name = section.Value
            ?? throw ConfigurationCheck.Error(section, $"the kind of executor is missing. There are: {KnownKinds()}.");
        return _kinds.TryGetValue(name, out CodeExecutorKind? kind)
            ? kind.Create(configuration, _services)
            : throw ConfigurationCheck.Error(
                section, $"there is no kind of executor '{name}'. There are: {KnownKinds()}.{HowToRegister(name)}");
    }

    /// <summary>Writes an executor's kind and options, from which <see cref="Create"/> makes an equal one.</summary>
    /// <param name="executor">An executor without decorators. Its logger and time provider are not written: the factory that reads gives
    /// its own.</param>
    /// <returns>Settings by path, for <c>AddInMemoryCollection</c>.</returns>
    /// <exception cref="NotSupportedException">The executor is decorated (an approval, say, is code), is of no registered kind, or has an
    /// option that configuration cannot express. The message says which.</exception>
    public IReadOnlyDictionary<string, string?> GetConfiguration(ICodeExecutor executor)
    {
        OrderedDictionary<string, string?> settings = new(StringComparer.OrdinalIgnoreCase);
        AddSettings(Write(executor), "", settings);
        return settings;
    }

    /// <summary>Writes an executor's kind and options as a JSON object, as <see cref="GetConfiguration"/> does.</summary>
    /// <param name="executor">An executor without decorators.</param>
    /// <exception cref="NotSupportedException">As <see cref="GetConfiguration"/> has it.</exception>
    public string GetConfigurationJson(ICodeExecutor executor)
    {
        JsonObject written = Write(executor);
        AddSettings(written, "", new OrderedDictionary<string, string?>(StringComparer.OrdinalIgnoreCase));
        using MemoryStream text = new();
        JsonWriterOptions format = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (Utf8JsonWriter json = new(text, format))
        {
            written.WriteTo(json);
        }

        return System.Text.Encoding.UTF8.GetString(text.GetBuffer().AsSpan(0, (int)text.Length));
    }

    /// <summary>Adds settings as the JSON configuration provider reads them.</summary>
    private static void AddSettings(JsonNode? node, string path, OrderedDictionary<string, string?> settings)
    {
        IEnumerable<(string Key, JsonNode? Value)> children = node switch
        {
            JsonObject section => section.Select(p => (p.Key, p.Value)),
            JsonArray list => list.Select((item, index) => (index.ToString(CultureInfo.InvariantCulture), item)),
            _ => [],
        };
        if (node is JsonValue or JsonArray { Count: 0 } && !settings.TryAdd(path, node is JsonArray ? "" : node.ToString()))
        {
            throw new NotSupportedException(
                $"{ConfigurationPath.GetParentPath(path)}: '{ConfigurationPath.GetSectionKey(path)}' cannot be written to configuration "
                + "beside one that differs in case only.");
        }

        foreach ((string key, JsonNode? value) in children)
        {
            if (key.Length == 0 || key.Contains(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal))
            {
                throw new NotSupportedException(
                    $"{path}: '{key}' cannot be written to configuration, whose keys are not empty and hold no colon.");
            }

            AddSettings(value, path.Length == 0 ? key : ConfigurationPath.Combine(path, key), settings);
        }
    }

    private JsonObject Write(ICodeExecutor executor)
    {
        ArgumentNullException.ThrowIfNull(executor);
        foreach (CodeExecutorKind kind in _kinds.Values)
        {
            if (kind.TryWrite(executor) is { } written)
            {
                written.Insert(0, KindKey, kind.Name);
                return written;
            }
        }

        throw new NotSupportedException(executor is DelegatingCodeExecutor
            ? $"{executor.GetType().Name} cannot be written to configuration: what decorates an executor is code. "
                + "Write the executor within, and decorate the one that is read."
            : $"{executor.GetType().Name} cannot be written to configuration: it is of no kind that is registered. "
                + $"There are: {KnownKinds()}.");
    }

    private static string HowToRegister(string name) => Known.TryGetValue(name, out (string Package, string Kind) known)
        ? $" '{name}' is in the package {known.Package}. Register it: services.AddCodeExecutorKinds({known.Kind}), "
            + $"or factory.Register({known.Kind})."
        : "";

    private string KnownKinds() => string.Join(", ", _kinds.Keys.Order(StringComparer.Ordinal));
}
