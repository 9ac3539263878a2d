using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox.Hosting;

/// <summary>A kind of executor that is made of one object of options.</summary>
internal sealed class OptionsCodeExecutorKind<TExecutor, TOptions>(
    string name,
    OptionsSchema<TOptions> schema,
    Func<TOptions, ILoggerFactory?, TimeProvider?, TExecutor> create,
    Func<TExecutor, TOptions> optionsOf) : CodeExecutorKind(name)
    where TExecutor : class, ICodeExecutor
    where TOptions : class, new()
{
    public override ICodeExecutor Create(IConfiguration configuration, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(services);
        IConfigurationSection kind = configuration.GetSection(CodeExecutorFactory.KindKey);
        if (kind.Value is { } other && !other.Equals(Name, StringComparison.OrdinalIgnoreCase))
        {
            throw SettingReader.Error(kind, $"this is for a {other} executor, and a {Name} executor was asked for.");
        }

        TOptions options = new();
        schema.Read(configuration, options, CodeExecutorFactory.KindKey);
        try
        {
            return Create(options, services);
        }
        catch (ArgumentException e)
        {
            // What only the executor checks (a variable's name, a path in a list) says which option it is.
            throw SettingReader.Error(configuration, SettingReader.OwnWords(e), e);
        }
    }

    /// <summary>For a container: options from a delegate.</summary>
    public Func<IServiceProvider, ICodeExecutor> Factory(Action<TOptions>? configure) => services =>
    {
        TOptions options = new();
        configure?.Invoke(options);
        return Create(options, services);
    };

    /// <summary>For a container: options from configuration.</summary>
    public Func<IServiceProvider, ICodeExecutor> Factory(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return services => Create(configuration, services);
    }

    public override IEnumerable<KeyValuePair<string, string?>>? TryWrite(ICodeExecutor executor)
    {
        if (executor is not TExecutor own)
        {
            return null;
        }

        SettingsWriter writer = new();
        schema.Write(optionsOf(own), writer);
        return writer.Settings;
    }

    private TExecutor Create(TOptions options, IServiceProvider services) => create(
        options, (ILoggerFactory?)services.GetService(typeof(ILoggerFactory)), (TimeProvider?)services.GetService(typeof(TimeProvider)));
}
