namespace Glovebox.Sandboxes;

/// <summary>Starts sandboxes of one kind.</summary>
/// <remarks>A provider keeps nothing of the sandboxes that it starts: it can serve any number of executors, from any thread.</remarks>
public interface ISandboxProvider
{
    /// <summary>Gets the kind in one lower-case word: <c>local</c>, <c>bubblewrap</c>, <c>docker</c>.</summary>
    string Kind { get; }

    /// <summary>Starts a sandbox. Its set-up is over when this returns: nothing runs in it with more than guest code may have.</summary>
    /// <param name="request">What the sandbox is made of. It stays the caller's, who disposes it after the last sandbox made of it.</param>
    /// <param name="cancellationToken">Gives up; what had been started is ended.</param>
    /// <returns>The sandbox; the caller disposes it.</returns>
    /// <exception cref="CodeExecutionException">The sandbox cannot be started, or cannot enforce what was asked for.</exception>
    Task<ISandbox> StartAsync(SandboxRequest request, CancellationToken cancellationToken = default);
}
