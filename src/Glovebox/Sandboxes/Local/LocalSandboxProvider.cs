using Glovebox.Functions;
using Glovebox.Functions.Setup;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Local;

/// <summary>Starts sandboxes that are the host itself, which must be Linux. Nothing is isolated.</summary>
/// <param name="virtualEnvironment">The folder of a Python virtual environment: its <c>bin</c> (or <c>Scripts</c>) comes first on PATH.
/// Null, the default: the host's Python is used.</param>
public sealed class LocalSandboxProvider(string? virtualEnvironment = null) : ISandboxProvider
{
    /// <inheritdoc/>
    public string Kind => "local";

    /// <inheritdoc/>
    public async Task<ISandbox> StartAsync(SandboxRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        Check(request);
        WorkDirectory work = request.Keep(() => new WorkDirectory(request.WorkDirectory));
        work.Create();
        LocalVariables variables = new(request.Variables, virtualEnvironment);
        variables.Validate();
        LocalSandbox sandbox = new(work.Path, variables);
        try
        {
            sandbox.Directory.CheckWritable();
            if (request.Functions is { } functions)
            {
                FunctionFolder folder = request.Keep(() => new FunctionFolder(functions, socket: null, isPrivate: true));
                await OfferAsync(functions, folder, sandbox, variables, cancellationToken).ConfigureAwait(false);
            }

            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void Check(SandboxRequest request)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new SandboxUnavailableException(
                "local-unavailable", "Code runs on the host itself on Linux only.", "Use the Docker executor here.");
        }

        if (request.Policy with { MaxOutput = null } != new ExecutionPolicy())
        {
            throw new PolicyNotEnforceableException(
                "Policy sets a limit, but code on the host itself has no limits.",
                "Use bubblewrap or a container, or leave all of Policy but MaxOutput out.");
        }

        if (request.Preload.Count > 0)
        {
            throw new SandboxUnavailableException(
                "preload-failed",
                "Modules cannot be preloaded: on the host, each block has an interpreter of its own.",
                "Leave Preload out.");
        }
    }

    /// <summary>Installs the packages of functions, and takes calls for as long as the sandbox is there.</summary>
    /// <exception cref="FunctionSetupException">A package cannot be installed, or there can be no socket.</exception>
    private static async Task OfferAsync(
        OfferedFunctions functions,
        FunctionFolder folder,
        LocalSandbox sandbox,
        LocalVariables variables,
        CancellationToken cancellationToken)
    {
        variables.AddFolders([folder.Library, folder.Packages], folder.Programs);
        if (functions.Set.Packages.Count > 0)
        {
            PackageSetup setup = new(
                functions, [.. functions.Set.Packages.Select(LocalWheel.WithFullPath)], folder.Packages, hasNetwork: true);
            await folder.InstallAsync(
                () => setup.InstallAsync(sandbox.RunIn(folder.Scratch, functions.SetupVariables), cancellationToken)).ConfigureAwait(false);
        }

        try
        {
            await functions.ListenAsync(folder.Socket, sandbox.ListenAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new FunctionSetupException(
                $"Functions of the host cannot be offered: there is no socket for their calls. {e.Message}",
                "Set TMPDIR to a shorter path of a local file system.",
                e);
        }
    }
}
