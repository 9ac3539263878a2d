using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The interpreter of the system's folders, and the packages that it has there.</summary>
internal static class SystemPackages
{
    private static readonly string[] Libraries = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"];

    private static readonly string[] Folders = ["dist-packages", "site-packages"];

    /// <summary>Describes them by paths and times: another interpreter has another time, and so has a folder in which a package was
    /// installed, replaced or removed.</summary>
    public static IEnumerable<string> Describe(string python)
    {
        string target = Links.EndOf(python);
        return Libraries
            .Where(Directory.Exists)
            .SelectMany(library => Directory.EnumerateDirectories(library, "python3*").Order(StringComparer.Ordinal))
            .SelectMany(library => Folders.Select(folder => Path.Combine(library, folder)))
            .Append(target)
            .Where(Path.Exists)
            .Select(path => string.Create(CultureInfo.InvariantCulture, $"{path} {File.GetLastWriteTimeUtc(path).Ticks}"));
    }
}
