using Glovebox.Sandboxes.Host;

namespace Glovebox.Functions.Setup;

/// <summary>A temporary folder of installed packages, in one that only this user can enter.</summary>
internal sealed class PackageFolder : IAsyncDisposable
{
    private static readonly EnumerationOptions All = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    };

    /// <summary>Makes the folder.</summary>
    public PackageFolder()
    {
        Installed = System.IO.Path.Combine(Path, OfferedFunctions.PackageFolder);
        TemporaryFolders.MakePrivate(Installed);
        TemporaryFolders.LetOthersEnter(Installed);
    }

    /// <summary>The outer folder.</summary>
    public string Path { get; } = TemporaryFolders.Create("packages");

    /// <summary>The folder of the packages.</summary>
    public string Installed { get; }

    /// <summary>Adds up the sizes of all files. No program may change them meanwhile.</summary>
    public long Measure() => new DirectoryInfo(Installed).EnumerateFiles("*", All).Sum(f => f.Length);

    public async ValueTask DisposeAsync() => await TemporaryFolders.DeleteAsync(Path).ConfigureAwait(false);
}
