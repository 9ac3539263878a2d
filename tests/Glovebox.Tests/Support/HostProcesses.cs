using System.Globalization;

namespace Glovebox.Tests.Support;

/// <summary>Processes as the host sees them, whatever namespace they are in: a marker in their command line tells them apart.</summary>
public static class HostProcesses
{
    /// <summary>A word that no other process has in its command line.</summary>
    public static string NewMarker() => $"marker-{Guid.NewGuid():n}";

    /// <summary>The living processes with the marker as an argument of its own.</summary>
    public static IReadOnlyList<int> With(string marker)
    {
        List<int> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && Arguments(folder).Contains(marker))
            {
                found.Add(id);
            }
        }

        return found;
    }

    public static Task AppearsAsync(string marker) => Eventually.HoldsAsync(() => With(marker).Count > 0, "a process with the marker");

    /// <summary>Fails unless all are gone now, or in the moment that the kernel takes to bury the killed.</summary>
    public static Task AreGoneAsync(string marker) => Eventually.AreBuriedAsync(() => With(marker).Count == 0, "the processes are gone");

    private static string[] Arguments(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
