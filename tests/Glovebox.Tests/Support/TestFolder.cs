using System.Diagnostics;

namespace Glovebox.Tests.Support;

/// <summary>A temporary folder that goes with its test.</summary>
public sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("glovebox-test-").FullName;

    /// <summary>A path in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Everything in the folder, links and their like included, relative and sorted.</summary>
    public IEnumerable<string> Entries() =>
        Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories)
            .Select(p => System.IO.Path.GetRelativePath(Path, p))
            .Order(StringComparer.Ordinal);

    /// <summary>Makes the folder that of a plain user when the tests run as root, so that guest code has no more rights than such a one.</summary>
    public void GiveAway()
    {
        if (Environment.IsPrivilegedProcess)
        {
            using Process chown = Process.Start("chown", ["4242:4242", Path]);
            chown.WaitForExit();
        }
    }

    public void Dispose()
    {
        // .NET cannot delete what has a name that is not UTF-8.
        using Process rm = Process.Start("rm", ["-rf", "--", Path]);
        rm.WaitForExit();
    }
}
