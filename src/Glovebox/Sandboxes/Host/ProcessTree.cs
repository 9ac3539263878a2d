using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Glovebox.Sandboxes.Host;

/// <summary>Ends a process of the host together with everything that it started, daemons included.</summary>
/// <remarks>
/// A daemon has left its parent, its group and its session, but not its environment block: each run gets a variable of its own, which
/// every descendant inherits. A program can erase it, so this is for code that is trusted; isolated sandboxes end a PID namespace
/// instead.
/// </remarks>
internal static class ProcessTree
{
    /// <summary>The variable that marks the processes of a run.</summary>
    public const string MarkerVariable = "GLOVEBOX_RUN";

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(800);

    /// <summary>Kills until nothing is left, or the time for it is over.</summary>
    /// <param name="root">The first process, or null to go by the marker alone.</param>
    /// <param name="marker">The value of <see cref="MarkerVariable"/> in the processes that belong to the run.</param>
    /// <param name="isBeginning">Whether longer values that begin with it belong to it, too.</param>
    public static async Task KillAsync(int? root, string marker, bool isBeginning = false)
    {
        byte[] needle = Encoding.ASCII.GetBytes($"{MarkerVariable}={marker}{(isBeginning ? "" : "\0")}");
        long started = Stopwatch.GetTimestamp();
        HashSet<int> known = root is { } only ? [only] : [];
        do
        {
            // What is killed in one round may have forked since the round began; the next round finds the children.
            List<int> found = Find(known, needle);
            if (found.Count == 0)
            {
                return;
            }

            foreach (int id in found)
            {
                known.Add(id);
                _ = Libc.Kill(id, Libc.SigKill);
            }

            await Task.Yield();
        }
        while (Stopwatch.GetElapsedTime(started) < Longest);
    }

    private static List<int> Find(HashSet<int> known, byte[] needle)
    {
        Dictionary<int, int> parents = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && ParentOfLiving(id) is { } parent)
            {
                parents[id] = parent;
            }
        }

        return Choose(parents, known, id => HasMarker(id, needle));
    }

    /// <summary>Chooses what to kill: the known processes, what descends from them, and what is marked.</summary>
    /// <param name="parents">Every living process with its parent.</param>
    /// <param name="known">Processes of the run that were found so far.</param>
    /// <param name="isMarked">Whether a process carries the run's marker.</param>
    internal static List<int> Choose(Dictionary<int, int> parents, HashSet<int> known, Func<int, bool> isMarked)
    {
        return [.. parents.Keys.Where(id => known.Contains(id) || HasKnownAncestor(id) || isMarked(id))];

        bool HasKnownAncestor(int id)
        {
            while (parents.TryGetValue(id, out int parent))
            {
                if (known.Contains(parent))
                {
                    return true;
                }

                id = parent;
            }

            return false;
        }
    }

    /// <summary>The parent's id, or null when the process is gone or a zombie. One whose first thread has ended looks like one while others
    /// of its threads run on.</summary>
    private static int? ParentOfLiving(int id)
    {
        try
        {
            // "pid (name) state ppid ...", and the number of threads 16 fields later: the name may hold anything, a parenthesis too.
            string stat = File.ReadAllText($"/proc/{id}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" && fields[17] is "0" or "1" ? null : int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool HasMarker(int id, byte[] needle)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/environ").AsSpan().IndexOf(needle) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
