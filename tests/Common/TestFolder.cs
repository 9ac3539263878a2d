using System.Diagnostics;

namespace Glovebox.Tests.Common;

/// <summary>A temporary folder that goes with its test.</summary>
/// <param name="parent">Where it is made; null: where temporary folders are.</param>
public sealed class TestFolder(string? parent = null) : IDisposable
{
    public string Path { get; } = Make(parent);

    /// <summary>A path in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Everything in the folder, links and their like included, relative and sorted.</summary>
    public IEnumerable<string> Entries() =>
        Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories)
            .Select(p => System.IO.Path.GetRelativePath(Path, p))
            .Order(StringComparer.Ordinal);

    /// <summary>The entries that have set-user-id or set-group-id bits.</summary>
    public IEnumerable<string> SetIdEntries() => Entries().Where(
        e => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(this[e]) & (UnixFileMode.SetUser | UnixFileMode.SetGroup)) != 0);

    /// <summary>Makes the folder that of a plain user when the tests run as root, so that guest code has no more rights than such a
    /// one.</summary>
    public void GiveAway()
    {
        if (Environment.IsPrivilegedProcess)
        {
            using Process chown = Process.Start("chown", ["4242:4242", Path]);
            chown.WaitForExit();
        }
    }

    /// <summary>Sets the mode of a path in the folder, or of the folder itself.</summary>
    /// <param name="name">Empty: the folder.</param>
    /// <param name="octal">As <c>chmod</c> takes it.</param>
    public void SetMode(string name, string octal)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(this[name], (UnixFileMode)Convert.ToInt32(octal, 8));
        }
    }

    public void Dispose()
    {
        // .NET cannot delete what has a name that is not UTF-8.
        using Process rm = Process.Start("rm", ["-rf", "--", Path]);
        rm.WaitForExit();
    }

    private static string Make(string? parent) => parent is null
        ? Directory.CreateTempSubdirectory("glovebox-test-").FullName
        : Directory.CreateDirectory(System.IO.Path.Combine(parent, $"glovebox-test-{Guid.NewGuid():n}")).FullName;
}
