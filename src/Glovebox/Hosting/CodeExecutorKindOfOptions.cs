using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox.Hosting;

/// <summary>A kind of executor of this library: <c>BubblewrapCommandLineCodeExecutor.Kind</c>, for one.</summary>
/// <typeparam name="TOptions">The options of its executors.</typeparam>
public sealed class CodeExecutorKind<TOptions> : CodeExecutorKind
    where TOptions : CommandLineCodeExecutorOptions, new()
{
    private readonly Func<JsonTypeInfo<TOptions>> _shape;
    private readonly Action<IConfiguration, TOptions> _bind;
    private readonly Func<TOptions, ILoggerFactory?, TimeProvider?, ICodeExecutor> _make;
    private readonly Func<ICodeExecutor, TOptions?> _optionsOf;
    private readonly Func<CancellationToken, Task<ExecutorDiagnosis>> _diagnose;

    /// <summary>Says all that there is to a kind.</summary>
    /// <param name="name">What configuration calls it.</param>
    /// <param name="isIsolated">Whether guest code is kept away from the host.</param>
    /// <param name="sharesState">Whether blocks share an interpreter.</param>
    /// <param name="shape">Gives what the options hold, and how it is written.</param>
    /// <param name="bind">Calls the source-generated binder, which has to see the type.</param>
    /// <param name="make">Makes an executor.</param>
    /// <param name="optionsOf">Gives the options of an executor of this kind, and null for any other.</param>
    /// <param name="diagnose">Tries whether the kind works.</param>
    internal CodeExecutorKind(
        string name,
        bool isIsolated,
        bool sharesState,
        Func<JsonTypeInfo<TOptions>> shape,
        Action<IConfiguration, TOptions> bind,
        Func<TOptions, ILoggerFactory?, TimeProvider?, ICodeExecutor> make,
        Func<ICodeExecutor, TOptions?> optionsOf,
        Func<CancellationToken, Task<ExecutorDiagnosis>> diagnose)
        : base(name, isIsolated, sharesState) =>
        (_shape, _bind, _make, _optionsOf, _diagnose) = (shape, bind, make, optionsOf, diagnose);

    /// <inheritdoc/>
    public override Type OptionsType => typeof(TOptions);

    /// <inheritdoc/>
    public override ICodeExecutor Create(IConfiguration configuration, IServiceProvider? services) =>
        Create(configuration, configure: null, services);

    /// <inheritdoc/>
    internal override ICodeExecutor Create(
        IConfiguration configuration, Action<CommandLineCodeExecutorOptions>? configure, IServiceProvider? services)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        IConfigurationSection kind = configuration.GetSection(CodeExecutorFactory.KindKey);
        if (kind.Value is { } other && !other.Equals(Name, StringComparison.OrdinalIgnoreCase))
        {
            throw ConfigurationCheck.Error(kind, $"this is for a {other} executor, and a {Name} executor was asked for.");
        }

        ConfigurationCheck.Keys(configuration, _shape(), CodeExecutorFactory.KindKey);
        TOptions options = new();
        try
        {
            _bind(configuration, options);
            KeepEmptyLists(configuration, options.Languages);
            configure?.Invoke(options);
            return Create(options, services);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw ConfigurationCheck.Error(configuration, e);
        }
    }

    /// <inheritdoc/>
    public override ICodeExecutor Create(Action<CommandLineCodeExecutorOptions>? configure, IServiceProvider? services) =>
        Create((Action<TOptions>?)configure, services);

    /// <inheritdoc cref="Create(Action{CommandLineCodeExecutorOptions}?, IServiceProvider?)"/>
    public ICodeExecutor Create(Action<TOptions>? configure, IServiceProvider? services)
    {
        TOptions options = new();
        configure?.Invoke(options);
        return Create(options, services);
    }

    /// <inheritdoc/>
    public override JsonObject? TryWrite(ICodeExecutor executor)
    {
        if (_optionsOf(executor) is not { } options)
        {
            return null;
        }

        if (options.WhyNotWritable() is { } reason)
        {
            throw new NotSupportedException(reason);
        }

        JsonObject written = JsonSerializer.SerializeToNode(options, _shape())!.AsObject();
        RemoveEmpty(written);
        return written;
    }

    /// <inheritdoc/>
    public override Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken = default) => _diagnose(cancellationToken);

    /// <summary>A list that is empty is so by default.</summary>
    private static void RemoveEmpty(JsonObject written)
    {
        foreach ((string key, JsonNode? value) in written.ToArray())
        {
            if (value is JsonObject inner)
            {
                RemoveEmpty(inner);
            }

            if (value is JsonArray { Count: 0 } or JsonObject { Count: 0 })
            {
                written.Remove(key);
            }
        }
    }

    /// <summary>The binder takes an empty list for an absent one.</summary>
    private static void KeepEmptyLists(IConfiguration configuration, IList<CodeLanguage> languages)
    {
        foreach ((int index, IConfigurationSection language) in configuration.GetSection("Languages").GetChildren().Index())
        {
            if (language[nameof(CodeLanguage.LineComments)] == "")
            {
                CodeLanguage l = languages[index];
                languages[index] = new(l.Name, l.Extension, l.Programs, l.Arguments, l.Aliases, []);
            }
        }
    }

    private ICodeExecutor Create(TOptions options, IServiceProvider? services) => _make(
        options, (ILoggerFactory?)services?.GetService(typeof(ILoggerFactory)), (TimeProvider?)services?.GetService(typeof(TimeProvider)));
}
