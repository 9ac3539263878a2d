using System.Text;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Functions.Setup;

/// <summary>The functions' files on the host, in a temporary folder of which guest code gets to see parts.</summary>
/// <remarks>The modules and programs are ours; the packages are pip's, and so a guest's: what is in their folder is never followed nor run
/// here.</remarks>
internal sealed class FunctionFolder
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private FunctionFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>Modules.</summary>
    public string Library => System.IO.Path.Combine(Path, OfferedFunctions.LibraryFolder);

    /// <summary>Programs.</summary>
    public string Programs => System.IO.Path.Combine(Path, OfferedFunctions.ProgramFolder);

    /// <summary>Packages.</summary>
    public string Packages => System.IO.Path.Combine(Path, OfferedFunctions.PackageFolder);

    /// <summary>Where pip keeps what it works on.</summary>
    public string Scratch => System.IO.Path.Combine(Path, "scratch");

    /// <summary>Whether the packages are there.</summary>
    public bool IsInstalled { get; private set; }

    /// <summary>Makes the folder and writes what is ours.</summary>
    /// <param name="functions">The functions that the files are of.</param>
    /// <param name="socket">The path of the socket for calls, as guest code sees it; gets the folder's path.</param>
    /// <param name="isPrivate">Whether only this process' user may enter.</param>
    public static FunctionFolder Create(OfferedFunctions functions, Func<string, string> socket, bool isPrivate)
    {
        FunctionFolder folder = new(TemporaryFolders.Create("functions"));
        if (!isPrivate)
        {
            Open(folder.Path);
        }

        foreach (string path in new[] { folder.Library, folder.Programs, folder.Packages })
        {
            Directory.CreateDirectory(path);
            Open(path);
        }

        foreach (FunctionFile file in functions.Files(socket(folder.Path)))
        {
            string path = System.IO.Path.Combine(folder.Path, file.Path);
            File.WriteAllText(path, file.Text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, file.IsProgram ? Executable : Readable);
            }
        }

        return folder;
    }

    /// <summary>Installs the packages, once.</summary>
    /// <param name="install">Installs them into <see cref="Packages"/>, with <see cref="Scratch"/> to work in.</param>
    public async Task InstallAsync(Func<Task> install)
    {
        if (IsInstalled)
        {
            return;
        }

        // What an attempt before this one left there may be half.
        await TemporaryFolders.DeleteAsync(Packages).ConfigureAwait(false);
        Directory.CreateDirectory(Packages);
        Directory.CreateDirectory(Scratch);
        if (!OperatingSystem.IsWindows())
        {
            // It may hold secrets.
            File.SetUnixFileMode(Scratch, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        try
        {
            await install().ConfigureAwait(false);
            IsInstalled = true;
        }
        finally
        {
            await TemporaryFolders.DeleteAsync(Scratch).ConfigureAwait(false);
        }
    }

    public Task DeleteAsync() => TemporaryFolders.DeleteAsync(Path);

    /// <summary>The user that guest code is must be able to enter.</summary>
    private static void Open(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, Executable);
        }
    }
}
