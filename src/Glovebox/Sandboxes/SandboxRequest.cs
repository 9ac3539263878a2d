using Glovebox.Egress;
using Glovebox.Functions.Setup;

namespace Glovebox.Sandboxes;

/// <summary>What a sandbox is made of. The sandboxes that follow one another for one user are made of one request: their files, and what
/// their provider keeps for them, are the request's and end with it.</summary>
/// <remarks>Not for two sandboxes at the same time.</remarks>
public sealed class SandboxRequest : IAsyncDisposable
{
    private readonly Dictionary<Type, IAsyncDisposable> _kept = [];
    private bool _disposed;

    /// <summary>Gets what guest code may use. The default is safe, see <see cref="ExecutionPolicy"/>.</summary>
    public ExecutionPolicy Policy { get; init; } = new();

    /// <summary>Gets the host directory in which the files are. It is made when missing and never deleted. Null, the default: a temporary
    /// one of the provider's, deleted with this request.</summary>
    public string? WorkDirectory { get; init; }

    /// <summary>Gets the environment variables of guest programs, beyond those that every sandbox sets. The default is empty.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the Python modules that the fork server imports once. The default is empty.</summary>
    public IReadOnlyList<string> Preload { get; init; } = [];

    /// <summary>The functions that guest code can import, or null. They are ready, with their packages installed, when the sandbox is
    /// sealed.</summary>
    internal OfferedFunctions? Functions { get; init; }

    /// <summary>Gets absolute paths under which the work directory is found in the sandbox, too. A provider that cannot have them says
    /// so.</summary>
    internal IReadOnlyList<string> WorkDirectoryAliases { get; init; } = [];

    /// <summary>The egress proxy that an executor opens in the sandbox, or null.</summary>
    internal EgressRequest? Egress { get; init; }

    /// <summary>The variables that guest code gets and the set-up, which has no proxy yet, does not. The caller's own win.</summary>
    internal IEnumerable<KeyValuePair<string, string>> SealedVariables =>
        (Egress?.Setup.Variables() ?? []).Where(v => !Variables.ContainsKey(v.Key));

    /// <summary>The memory of the guest, in bytes.</summary>
    internal long Memory => Policy.Memory ?? ExecutionPolicy.DefaultMemory;

    /// <summary>The processes of the guest.</summary>
    internal int Processes => Policy.MaxProcesses ?? ExecutionPolicy.DefaultMaxProcesses;

    /// <summary>Gets what a provider keeps from one sandbox of this request to the next: a temporary work directory, installed packages. It
    /// is made at the first call, and disposed with this request.</summary>
    /// <typeparam name="T">The provider's own type.</typeparam>
    /// <param name="make">Makes it.</param>
    /// <exception cref="ObjectDisposedException">The request is disposed.</exception>
    public T Keep<T>(Func<T> make)
        where T : class, IAsyncDisposable
    {
        ArgumentNullException.ThrowIfNull(make);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_kept.TryGetValue(typeof(T), out IAsyncDisposable? kept))
        {
            return (T)kept;
        }

        T made = make();
        _kept[typeof(T)] = made;
        return made;
    }

    /// <summary>Deletes what the provider has kept.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        foreach (IAsyncDisposable kept in _kept.Values)
        {
            await kept.DisposeAsync().ConfigureAwait(false);
        }

        _kept.Clear();
    }

    /// <summary>Makes a request of the same, but for what is preloaded, which somebody else imports.</summary>
    internal SandboxRequest WithoutPreload() => new()
    {
        Policy = Policy,
        WorkDirectory = WorkDirectory,
        Variables = Variables,
        WorkDirectoryAliases = WorkDirectoryAliases,
        Functions = Functions,
        Egress = Egress,
    };

    /// <exception cref="ArgumentException">A value holds what no sandbox takes.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Policy);
        if (Preload.Any(m => string.IsNullOrWhiteSpace(m) || m.Contains('\0')))
        {
            throw new ArgumentException("Preload must hold names of Python modules; one is null, empty, or holds a NUL.");
        }

        if (Preload.Count > 0
            && Variables.Except(GuestVariables.Python)
                .FirstOrDefault(v => v.Key.StartsWith("PYTHON", StringComparison.Ordinal)).Key is { } name)
        {
            throw new ArgumentException(
                $"Preload has no effect beside the environment variable {name}: only an interpreter that is started for each block obeys "
                + "it. Leave out one of them.");
        }
    }
}
