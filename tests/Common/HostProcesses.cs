using System.Diagnostics;
using System.Globalization;

namespace Glovebox.Tests.Common;

/// <summary>Processes as the host sees them, whatever namespace they are in: a marker in their command line tells them apart.</summary>
public static class HostProcesses
{
    /// <summary>A word that no other process has in its command line.</summary>
    public static string NewMarker() => $"marker-{Guid.NewGuid():n}";

    /// <summary>Kills processes, some of which may end with others of them.</summary>
    public static void Kill(IEnumerable<int> ids)
    {
        foreach (int id in ids)
        {
            try
            {
                using Process process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended already.
            }
        }
    }

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

    /// <summary>The living processes of a sandbox: those that were given its work directory, or have it mounted. Started by root, bwrap
    /// gets the directory under another path, in a mount namespace of its own.</summary>
    /// <param name="workDirectory">The path on the host, whose last name no other folder has.</param>
    public static IReadOnlyList<int> OfSandbox(string workDirectory)
    {
        string root = "/" + Path.GetFileName(workDirectory);
        List<int> found = [.. With(workDirectory)];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && Read(folder, "mountinfo").Split('\n').Any(mount => mount.Split(' ') is { Length: > 4 } fields && fields[3].EndsWith(root, StringComparison.Ordinal)))
            {
                found.Add(id);
            }
        }

        return [.. found.Distinct()];
    }

    public static Task AppearsAsync(string marker) => Eventually.HoldsAsync(() => With(marker).Count > 0, "a process with the marker");

    /// <summary>Fails unless all are gone now, or in the moment that the kernel takes to bury the killed.</summary>
    public static Task AreGoneAsync(string marker) => Eventually.AreBuriedAsync(() => With(marker).Count == 0, "the processes are gone");

    /// <summary>Fails unless all of a sandbox are gone now, or in the moment that the kernel takes to bury the killed.</summary>
    public static Task SandboxIsGoneAsync(string workDirectory) =>
        Eventually.AreBuriedAsync(() => OfSandbox(workDirectory).Count == 0, "the processes of the sandbox are gone");

    private static string[] Arguments(string folder) => Read(folder, "cmdline").Split('\0');

    private static string Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
