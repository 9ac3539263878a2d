using System.Globalization;
using Glovebox.Execution;

namespace Glovebox.Interpreters;

/// <summary>The contexts of an executor, by their names.</summary>
/// <param name="host">Gives the supervisor that runs, or starts one.</param>
/// <param name="shared">The turn of contexts that were not made by name, and of all where blocks must not run at the same time.</param>
/// <param name="sharesTurn">Whether blocks must not run at the same time.</param>
/// <param name="mostContexts">How many there may be.</param>
/// <param name="time">The clock.</param>
internal sealed class ContextTable(
    Func<CancellationToken, Task<InterpreterHost>> host, Turn shared, bool sharesTurn, int mostContexts, TimeProvider time)
{
    private const int MaxNameLength = 64;

    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, CodeContext> _contexts = new(StringComparer.Ordinal);
    private int _last;

    public TimeProvider Time => time;

    public IReadOnlyList<CodeContext> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _contexts.Values];
            }
        }
    }

    public static string Check(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? name
            : throw new ArgumentException(
                $"A context's name has letters, digits, '.', '_' and '-', at most {MaxNameLength}, not '{WorkspacePath.Printable(name)}'.");

    public static CodeExecutionException Unknown(string name) => new(
        "unknown-context",
        $"There is no context {WorkspacePath.Printable(name)}: it was closed, or never made.",
        "Make it with CreateContextAsync, or leave Context out.");

    public Task<InterpreterHost> HostAsync(CancellationToken cancellationToken) => host(cancellationToken);

    /// <summary>Gets a context that was made, or the one that blocks of a language go to without a name.</summary>
    /// <exception cref="CodeExecutionException">There is none of that name.</exception>
    public CodeContext Find(string name)
    {
        lock (_lock)
        {
            return _contexts.TryGetValue(name, out CodeContext? context) ? context
                : name == CodeLanguage.Python.Name || name == CodeLanguage.Bash.Name ? Default(name == CodeLanguage.Bash.Name)
                : throw Unknown(name);
        }
    }

    /// <summary>Gets the context of blocks that name none.</summary>
    public CodeContext Default(bool isShell)
    {
        string name = isShell ? CodeLanguage.Bash.Name : CodeLanguage.Python.Name;
        lock (_lock)
        {
            if (!_contexts.TryGetValue(name, out CodeContext? context))
            {
                _contexts[name] = context = new CodeContext(this, name, isShell, new CodeContextOptions(), shared);
            }

            return context;
        }
    }

    /// <summary>Makes a context; its interpreter is not started yet.</summary>
    /// <exception cref="CodeExecutionException">The name is taken, or there are too many.</exception>
    public CodeContext Add(string? name, bool isShell, CodeContextOptions options)
    {
        lock (_lock)
        {
            if (_contexts.Count >= mostContexts)
            {
                throw new CodeExecutionException(
                    "too-many-contexts", $"There are {mostContexts} contexts already.", "Close one, or raise MaxContexts.");
            }

            if (name is null)
            {
                do
                {
                    name = string.Create(CultureInfo.InvariantCulture, $"context-{++_last}");
                }
                while (_contexts.ContainsKey(name));
            }

            Check(name);
            if (_contexts.ContainsKey(name) || name == CodeLanguage.Python.Name || name == CodeLanguage.Bash.Name)
            {
                throw new CodeExecutionException("context-exists", $"There is a context {name} already.", "Choose another name.");
            }

            return _contexts[name] = new CodeContext(this, name, isShell, options, sharesTurn ? shared : new Turn());
        }
    }

    public void Remove(CodeContext context)
    {
        lock (_lock)
        {
            if (_contexts.TryGetValue(context.Name, out CodeContext? found) && ReferenceEquals(found, context))
            {
                _contexts.Remove(context.Name);
            }
        }
    }

    /// <summary>Closes all.</summary>
    public async Task ClearAsync()
    {
        foreach (CodeContext context in All)
        {
            await context.CloseAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
