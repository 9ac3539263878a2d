using System.Diagnostics.CodeAnalysis;

namespace Glovebox;

/// <summary>Whether an executor works on this machine.</summary>
public sealed class ExecutorDiagnosis
{
    internal ExecutorDiagnosis(string name, string? version, SandboxCapabilities capabilities)
    {
        Name = name;
        Version = version;
        Capabilities = capabilities;
    }

    internal ExecutorDiagnosis(string name, string? version, CodeExecutionException error)
    {
        Name = name;
        Version = version;
        Reason = error.Message;
        Hint = error.Hint;
    }

    /// <summary>Gets the executor's kind: <c>bubblewrap</c>, <c>local</c>, …</summary>
    public string Name { get; }

    /// <summary>Gets whether it works.</summary>
    [MemberNotNullWhen(true, nameof(Capabilities))]
    [MemberNotNullWhen(false, nameof(Reason))]
    public bool IsAvailable => Reason is null;

    /// <summary>Gets the version of the program or service that it uses, or null.</summary>
    public string? Version { get; }

    /// <summary>Gets why it does not work; null when it does.</summary>
    public string? Reason { get; }

    /// <summary>Gets what to do about it, or null.</summary>
    public string? Hint { get; }

    /// <summary>Gets what it enforces here by default; null when it does not work.</summary>
    public SandboxCapabilities? Capabilities { get; }

    /// <summary>Starts and stops an executor to see whether it works.</summary>
    internal static async Task<ExecutorDiagnosis> TryAsync(
        string name, Func<Task<string?>> version, Func<ICodeExecutor> create, CancellationToken cancellationToken)
    {
        string? found = null;
        try
        {
            found = await version().ConfigureAwait(false);
            ICodeExecutor executor = create();
            await using (executor.ConfigureAwait(false))
            {
                await executor.StartAsync(cancellationToken).ConfigureAwait(false);
                return new ExecutorDiagnosis(name, found, executor.GetService<SandboxCapabilities>()!);
            }
        }
        catch (CodeExecutionException e)
        {
            return new ExecutorDiagnosis(name, found, e);
        }
    }
}
