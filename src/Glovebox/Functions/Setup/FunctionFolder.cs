using System.Text;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Functions.Setup;

/// <summary>The functions' files on the host, in a temporary folder of which guest code gets to see parts.</summary>
/// <remarks>The modules and programs are ours. The packages are pip's, and so a guest's: nothing in their folder is followed or run
/// here. Under bubblewrap they have a <see cref="PackageFolder"/> of their own, and the folder here is empty.</remarks>
internal sealed class FunctionFolder : IAsyncDisposable
{
    private bool _isInstalled;

    /// <summary>Makes the folder and writes the modules and programs.</summary>
    /// <param name="functions">The functions that the files are of.</param>
    /// <param name="socket">The path of the socket for calls, as guest code sees it; null: one in this folder.</param>
    /// <param name="isPrivate">Whether only this process' user may enter.</param>
    public FunctionFolder(OfferedFunctions functions, string? socket, bool isPrivate)
    {
        Socket = socket ?? In("calls");
        if (!isPrivate)
        {
            TemporaryFolders.LetOthersEnter(Path);
        }

        foreach (string folder in new[] { Library, Programs, Packages })
        {
            Directory.CreateDirectory(folder);
            TemporaryFolders.LetOthersEnter(folder);
        }

        foreach (FunctionFile file in functions.Files(Socket))
        {
            TemporaryFolders.WriteFile(In(file.Path), Encoding.UTF8.GetBytes(file.Text), file.IsProgram);
        }
    }

    public string Path { get; } = TemporaryFolders.Create("functions");

    /// <summary>The path of the socket for calls, as guest code sees it.</summary>
    public string Socket { get; }

    /// <summary>Modules.</summary>
    public string Library => In(OfferedFunctions.LibraryFolder);

    /// <summary>Programs.</summary>
    public string Programs => In(OfferedFunctions.ProgramFolder);

    /// <summary>Packages.</summary>
    public string Packages => In(OfferedFunctions.PackageFolder);

    /// <summary>Where pip keeps what it works on.</summary>
    public string Scratch => In("scratch");

    /// <summary>Installs the packages, once.</summary>
    /// <param name="install">Installs them into <see cref="Packages"/>, with <see cref="Scratch"/> to work in.</param>
    public async Task InstallAsync(Func<Task> install)
    {
        if (_isInstalled)
        {
            return;
        }

        // What an attempt before this one left there may be half.
        await TemporaryFolders.DeleteAsync(Packages).ConfigureAwait(false);
        Directory.CreateDirectory(Packages);

        await UseScratchAsync(install).ConfigureAwait(false);
        _isInstalled = true;
    }

    /// <summary>Has <see cref="Scratch"/> for as long as something is done.</summary>
    public async Task UseScratchAsync(Func<Task> action)
    {
        // It may hold secrets.
        TemporaryFolders.MakePrivate(Scratch);
        try
        {
            await action().ConfigureAwait(false);
        }
        finally
        {
            await TemporaryFolders.DeleteAsync(Scratch).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await TemporaryFolders.DeleteAsync(Path).ConfigureAwait(false);

    private string In(string path) => System.IO.Path.Combine(Path, path);
}
