using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>A kind of executor: how blocks run, and where. <see cref="CodeExecutorFactory"/> has a table of kinds. Derive from this class
/// to add one; <see cref="CodeExecutorKind{TOptions}"/> is for those of this library.</summary>
/// <remarks>Its members may be called from any thread.</remarks>
public abstract class CodeExecutorKind
{
    /// <summary>Names a kind.</summary>
    /// <param name="name">What configuration calls it: <c>bubblewrap</c>, for one. Case does not matter.</param>
    /// <param name="isIsolated">See <see cref="IsIsolated"/>.</param>
    /// <param name="sharesState">See <see cref="SharesState"/>.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    protected CodeExecutorKind(string name, bool isIsolated, bool sharesState = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        (Name, IsIsolated, SharesState) = (name, isIsolated, sharesState);
    }

    /// <summary>Gets what configuration calls this kind.</summary>
    public string Name { get; }

    /// <summary>Gets whether guest code is kept away from the host, and a policy is enforced.</summary>
    public bool IsIsolated { get; }

    /// <summary>Gets whether blocks share the state of a living interpreter. Otherwise each is a process of its own.</summary>
    public bool SharesState { get; }

    /// <summary>Gets the type of the options that this kind's executors have.</summary>
    public virtual Type OptionsType => typeof(CommandLineCodeExecutorOptions);

    /// <summary>Makes an executor from configuration; nothing is started, and the caller disposes it.</summary>
    /// <param name="configuration">The options by their names, beside <see cref="CodeExecutorFactory.KindKey"/>.</param>
    /// <param name="services">Give a logger factory and a time provider, if they have them. Null: no log, and the system's time.</param>
    /// <exception cref="ArgumentException">A setting is unknown or wrong; the message names its key.</exception>
    public abstract ICodeExecutor Create(IConfiguration configuration, IServiceProvider? services);

    /// <summary>Makes an executor from options; nothing is started, and the caller disposes it.</summary>
    /// <param name="configure">Changes the options, which are of <see cref="OptionsType"/>. Null: the defaults.</param>
    /// <param name="services">Give a logger factory and a time provider, if they have them. Null: no log, and the system's time.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public abstract ICodeExecutor Create(Action<CommandLineCodeExecutorOptions>? configure, IServiceProvider? services);

    /// <summary>Makes an executor of configuration, and of what is set after that.</summary>
    internal virtual ICodeExecutor Create(
        IConfiguration configuration, Action<CommandLineCodeExecutorOptions>? configure, IServiceProvider? services) =>
        throw new NotSupportedException($"Executors of the kind {Name} cannot be made of configuration and set up in code, too.");

    /// <summary>Writes the options of an executor as a JSON object, from which
    /// <see cref="Create(IConfiguration, IServiceProvider?)"/> makes
    /// an equal one.</summary>
    /// <param name="executor">Any executor.</param>
    /// <returns>The options, without <see cref="CodeExecutorFactory.KindKey"/>; null when the executor is not of this kind.</returns>
    /// <exception cref="NotSupportedException">The executor holds something that configuration cannot express.</exception>
    public abstract JsonObject? TryWrite(ICodeExecutor executor);

    /// <summary>Tries whether executors of this kind work on this machine, by starting one, and tells what they enforce.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public virtual Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken = default) =>
        ExecutorDiagnosis.TryAsync(
            Name,
            () => Task.FromResult<string?>(null),
            () => Create((Action<CommandLineCodeExecutorOptions>?)null, null),
            cancellationToken);
}
