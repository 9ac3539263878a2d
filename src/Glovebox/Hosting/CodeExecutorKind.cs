using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>A kind of executor that <see cref="CodeExecutorFactory"/> can make. Derive from it to add one.</summary>
/// <remarks>Its members may be called from any thread.</remarks>
public abstract class CodeExecutorKind
{
    /// <summary>Names a kind.</summary>
    /// <param name="name">What configuration calls it: <c>bubblewrap</c>, for one. Case does not matter.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    protected CodeExecutorKind(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>What configuration calls this kind.</summary>
    public string Name { get; }

    /// <summary>Makes an executor of its settings; nothing is started.</summary>
    /// <param name="configuration">The settings, beside <see cref="CodeExecutorFactory.KindKey"/>.</param>
    /// <param name="services">Has a logger factory and a time provider, perhaps.</param>
    /// <exception cref="ArgumentException">A setting is unknown or wrong; the message names its key.</exception>
    public abstract ICodeExecutor Create(IConfiguration configuration, IServiceProvider services);

    /// <summary>Writes the settings of an executor, so that <see cref="Create"/> makes one that is equal of them.</summary>
    /// <param name="executor">Any executor.</param>
    /// <returns>The settings by path, without <see cref="CodeExecutorFactory.KindKey"/>; null when the executor is not of this
    /// kind.</returns>
    /// <exception cref="NotSupportedException">The executor holds something that configuration cannot express.</exception>
    public abstract IEnumerable<KeyValuePair<string, string?>>? TryWrite(ICodeExecutor executor);
}
