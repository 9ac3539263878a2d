using Glovebox.Functions;
using Glovebox.Functions.Setup;

namespace Glovebox.Sandboxes.Local;

/// <summary>The functions of a local executor: their files in a temporary folder, and the socket for calls.</summary>
internal sealed class LocalFunctions(OfferedFunctions offered) : IAsyncDisposable
{
    private const string SocketName = "calls";

    private FunctionFolder? _folder;

    /// <summary>Makes them ready.</summary>
    /// <param name="variables">Gets to know where they are.</param>
    /// <param name="run">Runs programs in a folder, with more variables.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">A package cannot be installed.</exception>
    public async Task StartAsync(
        LocalVariables variables, Func<string, IReadOnlyDictionary<string, string>, FunctionSetup.Run> run, CancellationToken cancellationToken)
    {
        FunctionFolder folder = _folder ??= FunctionFolder.Create(offered, path => Path.Combine(path, SocketName), isPrivate: true);
        variables.AddFolders([folder.Library, folder.Packages], folder.Programs);
        if (offered.Set.Packages.Count > 0)
        {
            PackageSetup setup = new(offered, folder.Packages, hasNetwork: true);
            await folder.InstallAsync(
                () => setup.InstallAsync(run(folder.Scratch, offered.SetupVariables), cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>Takes calls for as long as the sandbox is there.</summary>
    /// <exception cref="FunctionSetupException">There can be no socket.</exception>
    public async Task ListenAsync(LocalSandbox sandbox, CancellationToken cancellationToken)
    {
        try
        {
            await offered.ListenAsync(
                Path.Combine(_folder!.Path, SocketName), sandbox.ListenAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ArgumentException or PlatformNotSupportedException)
        {
            throw new FunctionSetupException(
                $"Functions of the host cannot be offered: there is no socket for their calls. {e.Message}", "Set TMPDIR to a shorter path of a local file system.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_folder is { } folder)
        {
            _folder = null;
            await folder.DeleteAsync().ConfigureAwait(false);
        }
    }
}
