using Glovebox.Middleware;
using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Sandboxes.Local;
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

    private readonly Dictionary<string, CodeExecutorKind> _kinds = new(StringComparer.OrdinalIgnoreCase);
    private readonly IServiceProvider _services;

    /// <summary>Makes a factory that knows <c>bubblewrap</c> and <c>local</c>, and every <see cref="CodeExecutorKind"/> among the
    /// services.</summary>
    /// <param name="services">Executors get their logger factory and time provider from here. Null: they have none.</param>
    public CodeExecutorFactory(IServiceProvider? services = null)
    {
        _services = services ?? NoServices.Instance;
        Register(BubblewrapConfiguration.Kind);
        Register(LocalConfiguration.Kind);
        foreach (CodeExecutorKind kind in (IEnumerable<CodeExecutorKind>?)_services.GetService(typeof(IEnumerable<CodeExecutorKind>)) ?? [])
        {
            Register(kind);
        }
    }

    /// <summary>The names of the kinds that can be made.</summary>
    public IReadOnlyCollection<string> Kinds => _kinds.Keys;

    /// <summary>Adds a kind.</summary>
    /// <param name="kind">Its name must be new.</param>
    /// <returns>This factory.</returns>
    /// <exception cref="ArgumentException">There is a kind of that name.</exception>
    public CodeExecutorFactory Register(CodeExecutorKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return _kinds.TryAdd(kind.Name, kind) ? this : throw new ArgumentException($"There is a kind of executor '{kind.Name}' already.");
    }

    /// <summary>Makes an executor; nothing is started, and the caller disposes it.</summary>
    /// <param name="configuration">Names the kind and holds its options. Read now; later changes have no effect.</param>
    /// <exception cref="ArgumentException">The kind is missing or not registered, or a setting is unknown or wrong. The message names the
    /// key.</exception>
    public ICodeExecutor Create(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        IConfigurationSection section = configuration.GetSection(KindKey);
        string name = SettingReader.Value(section)
            ?? throw SettingReader.Error(section, $"the kind of executor is missing. There are: {KnownKinds()}.");
        return _kinds.TryGetValue(name, out CodeExecutorKind? kind)
            ? kind.Create(configuration, _services)
            : throw SettingReader.Error(section, $"there is no kind of executor '{name}'. There are: {KnownKinds()}.");
    }

    /// <summary>Writes an executor's kind and options, of which <see cref="Create"/> makes one that is equal.</summary>
    /// <param name="executor">An executor without decorators. Its logger and time provider are not written: the factory that reads gives
    /// its own.</param>
    /// <returns>Settings by path, for <c>AddInMemoryCollection</c>.</returns>
    /// <exception cref="NotSupportedException">The executor is decorated (an approval, say, is code), is of no registered kind, or has an
    /// option that configuration cannot express. The message says which.</exception>
    public IReadOnlyDictionary<string, string?> GetConfiguration(ICodeExecutor executor)
    {
        ArgumentNullException.ThrowIfNull(executor);
        foreach (CodeExecutorKind kind in _kinds.Values)
        {
            if (kind.TryWrite(executor) is { } settings)
            {
                return new OrderedDictionary<string, string?>(settings.Prepend(new(KindKey, kind.Name)), StringComparer.OrdinalIgnoreCase);
            }
        }

        throw new NotSupportedException(executor is DelegatingCodeExecutor
            ? $"{executor.GetType().Name} cannot be written to configuration: what decorates an executor is code. Write the executor within, and decorate the one that is read."
            : $"{executor.GetType().Name} cannot be written to configuration: it is of no kind that is registered. There are: {KnownKinds()}.");
    }

    /// <summary>Writes an executor's kind and options as a JSON object, as <see cref="GetConfiguration"/> does.</summary>
    /// <param name="executor">An executor without decorators.</param>
    /// <exception cref="NotSupportedException">As <see cref="GetConfiguration"/> has it.</exception>
    public string GetConfigurationJson(ICodeExecutor executor) => ConfigurationJson.Write(GetConfiguration(executor));

    private string KnownKinds() => string.Join(", ", _kinds.Keys.Order(StringComparer.Ordinal));
}
