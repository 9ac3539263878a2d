using Glovebox.Functions.Calls;
using Glovebox.Functions.Setup;

namespace Glovebox.Environments.Local;

/// <summary>The functions of a local executor: their files in a temporary folder, and the socket for calls while the environment runs.</summary>
internal sealed class LocalFunctions(OfferedFunctions offered) : IAsyncDisposable
{
    private const string SocketName = "calls";

    private FunctionFolder? _folder;
    private HostCallListener? _listener;

    /// <summary>Makes them ready.</summary>
    /// <param name="variables">Gets to know where they are.</param>
    /// <param name="run">Runs pip in a folder of its own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">A package cannot be installed, or there can be no socket.</exception>
    public async Task StartAsync(LocalVariables variables, Func<string, FunctionSetup.Run> run, CancellationToken cancellationToken)
    {
        FunctionFolder folder = _folder ??= FunctionFolder.Create(offered, path => Path.Combine(path, SocketName), isPrivate: true);
        variables.AddFolders([folder.Library, folder.Packages], folder.Programs);
        if (offered.Set.Packages.Count > 0)
        {
            PackageSetup setup = new(offered, folder.Packages, hasNetwork: true);
            await folder.InstallAsync(() => setup.InstallAsync(run(folder.Scratch), cancellationToken)).ConfigureAwait(false);
        }

        if (offered.HasCalls)
        {
            _listener = new HostCallListener(Path.Combine(folder.Path, SocketName), offered.Server);
        }
    }

    public async Task StopAsync()
    {
        if (_listener is { } listener)
        {
            _listener = null;
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        if (_folder is { } folder)
        {
            _folder = null;
            await folder.DeleteAsync().ConfigureAwait(false);
        }
    }
}
