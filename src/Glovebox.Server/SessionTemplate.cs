using Glovebox.Hosting;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Server;

/// <summary>A kind of session: which executor serves it, with which options.</summary>
public sealed class SessionTemplate
{
    /// <summary>Where E2B's clients and Azure's expect their files.</summary>
    internal static readonly string[] WorkDirectories = ["/home/user", "/mnt/data"];

    private readonly IConfiguration? _configuration;
    private readonly Action<CommandLineCodeExecutorOptions>? _configure;

    /// <summary>Makes a template whose options are set by code.</summary>
    /// <param name="executor">The executor's kind, by its name: <c>interpreter</c>, <c>bubblewrap</c>, <c>docker-interpreter</c> and so
    /// on. Kinds of other packages are registered with <c>AddCodeExecutorKinds</c>.</param>
    /// <param name="configure">Sets the executor's options; called for each session, on any thread. Null: the defaults.</param>
    /// <exception cref="ArgumentException">No kind is named.</exception>
    public SessionTemplate(string executor, Action<CommandLineCodeExecutorOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(executor);
        (Executor, _configure) = (executor, configure);
    }

    /// <summary>Makes a template of configuration, as <see cref="CodeExecutorFactory"/> reads it.</summary>
    /// <param name="configuration">Names the kind as <c>Kind</c>, and holds its options.</param>
    /// <exception cref="ArgumentException">No kind is named.</exception>
    public SessionTemplate(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _configuration = configuration;
        Executor = configuration[CodeExecutorFactory.KindKey] is { Length: > 0 } kind
            ? kind
            : throw new ArgumentException($"A template names a kind of executor as {CodeExecutorFactory.KindKey}.");
    }

    /// <summary>Gets the executor's kind.</summary>
    public string Executor { get; }

    /// <summary>Makes the executor of a session; nothing is started.</summary>
    /// <exception cref="ArgumentException">The kind is not registered, or an option is wrong.</exception>
    internal ICodeExecutor Create(
        CodeExecutorFactory factory, Action<CommandLineCodeExecutorOptions>? configure, IServiceProvider? services)
    {
        CodeExecutorKind kind = factory.Kinds.FirstOrDefault(k => string.Equals(k.Name, Executor, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no kind of executor '{Executor}'. Register it with AddCodeExecutorKinds.");
        return _configuration is { } configuration
            ? kind.Create(configuration, Configure, services)
            : kind.Create(
                options =>
                {
                    _configure?.Invoke(options);
                    Configure(options);
                },
                services);

        void Configure(CommandLineCodeExecutorOptions options)
        {
            // On the host they are somebody else's folders.
            options.WorkDirectoryAliases = kind.IsIsolated ? WorkDirectories : [];
            configure?.Invoke(options);
        }
    }
}
