namespace Glovebox;

/// <summary>Whether an executor works on this machine.</summary>
/// <param name="Name">The executor's kind: <c>bubblewrap</c>, <c>local</c>, …</param>
/// <param name="IsAvailable">Whether it works.</param>
/// <param name="Version">The version of what it stands on, or null.</param>
/// <param name="Reason">Why it does not work; null when it does.</param>
/// <param name="Hint">What to do about it, or null.</param>
/// <param name="Capabilities">What it enforces here, by default; null when it does not work.</param>
public sealed record ExecutorDiagnosis(
    string Name, bool IsAvailable, string? Version, string? Reason, string? Hint, SandboxCapabilities? Capabilities)
{
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
                return new ExecutorDiagnosis(
                    name, true, found, null, null, (SandboxCapabilities?)executor.GetService(typeof(SandboxCapabilities)));
            }
        }
        catch (CodeExecutionException e)
        {
            return new ExecutorDiagnosis(name, false, found, e.Message, e.Hint, null);
        }
    }
}
