using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Local;

/// <summary>Starts sandboxes that are the host itself: nothing is isolated.</summary>
/// <param name="virtualEnvironment">The folder of a Python virtual environment: its <c>bin</c> (or <c>Scripts</c>) comes first on PATH.
/// Null: none.</param>
public sealed class LocalSandboxProvider(string? virtualEnvironment = null) : ISandboxProvider
{
    /// <inheritdoc/>
    public string Kind => "local";

    /// <inheritdoc/>
    public async Task<ISandbox> StartAsync(SandboxRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        if (request.Policy with { MaxOutput = null } != new ExecutionPolicy())
        {
            throw new PolicyNotEnforceableException(
                "Policy sets a limit, but code on the host itself has none.", "Use bubblewrap or a container, or leave all of Policy but MaxOutput out.");
        }

        if (request.Preload.Count > 0)
        {
            throw new SandboxUnavailableException(
                "preload-failed",
                "Modules cannot be preloaded: on the host, each block has an interpreter of its own.",
                "Leave Preload out.");
        }

        LocalHome home = request.Keep(() => new LocalHome(new WorkDirectory(request.WorkDirectory), request.Functions));
        home.Work.Create();
        LocalVariables variables = new(request.Variables, virtualEnvironment);
        variables.Validate();
        LocalSandbox sandbox = new(home.Work.Path, variables);
        try
        {
            sandbox.Directory.CheckWritable();
            if (home.Functions is { } functions)
            {
                await functions.StartAsync(variables, sandbox.RunIn, cancellationToken).ConfigureAwait(false);
                await functions.ListenAsync(sandbox, cancellationToken).ConfigureAwait(false);
            }

            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What outlives a sandbox.</summary>
    private sealed class LocalHome(WorkDirectory work, Functions.Setup.OfferedFunctions? functions) : IAsyncDisposable
    {
        public WorkDirectory Work => work;

        public LocalFunctions? Functions { get; } = functions is null ? null : new LocalFunctions(functions);

        public async ValueTask DisposeAsync()
        {
            if (Functions is not null)
            {
                await Functions.DisposeAsync().ConfigureAwait(false);
            }

            await work.DeleteOwnedAsync().ConfigureAwait(false);
        }
    }
}
