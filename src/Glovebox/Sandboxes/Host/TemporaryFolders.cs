using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>Temporary folders of this process. Their names hold its id and the PID namespace that the id is one of, so that those of a
/// process that was killed can be found and deleted, and those of one that lives in another container beside us are left alone.</summary>
internal static class TemporaryFolders
{
    private const string Prefix = "glovebox-";
    private const uint OwnerOnly = 0x1C0; // 0700
    private const int WritableByOthers = 0x12; // 0022
    private const int WritableByAll = 0x2; // 0002
    private const int Sticky = 0x200;

    /// <summary>The owner that a user namespace shows for files of users that it does not map.</summary>
    private const uint Unmapped = 65534;

    /// <summary>To sweep is a kindness; the next process goes on with what this one does not manage.</summary>
    private static readonly TimeSpan SweepLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan DeleteLimit = TimeSpan.FromMinutes(5);
    private static readonly Lazy<bool> Swept = new(Sweep);

    /// <summary>Where they are: the path, without any link, that <c>TMPDIR</c> says.</summary>
    public static string Parent => Libc.RealPath(Path.GetTempPath()) ?? Path.GetTempPath();

    /// <summary>Makes a folder that only this user can enter. What is there already by its name is not taken.</summary>
    /// <exception cref="SandboxUnavailableException">It cannot be made.</exception>
    public static string Create(string purpose)
    {
        if (OperatingSystem.IsLinux() && IsOpenToOthers(Parent))
        {
            // Its owner could put a link in the place of a folder that was made, or other files in the place of ours.
            throw new SandboxUnavailableException(
                "temporary-folder-unusable",
                $"Another user may rename what is in '{Path.GetTempPath()}'.",
                "Set TMPDIR to a directory of your own, or to one such as /tmp, in which users cannot rename what others made.");
        }

        _ = Swept.Value;
        string path = Path.Combine(Parent, $"{Prefix}{Environment.ProcessId}-{purpose}-{PidNamespace.Id}-{Guid.NewGuid():n}");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (Libc.MakeDirectory(path, OwnerOnly) != 0)
        {
            throw new SandboxUnavailableException(
                "temporary-folder-unusable",
                $"No folder can be made in '{Path.GetTempPath()}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.",
                "Set TMPDIR to a directory that you may write.");
        }

        return path;
    }

    /// <summary>Deletes a folder that <see cref="Create"/> made, or one in it, with all that guest code left there.</summary>
    public static Task DeleteAsync(string path) => Task.Run(() =>
    {
        if (!OperatingSystem.IsLinux())
        {
            DeleteByPath(path);
            return;
        }

        using SafeFileHandle parent = OpenFolder(Path.GetDirectoryName(path)!);
        if (!parent.IsInvalid)
        {
            _ = FolderDeletion.Delete(parent, Path.GetFileName(path), DeleteLimit);
        }
    });

    private static void DeleteByPath(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is gone, or stays.
        }
    }

    /// <summary>Deletes what processes left behind that are gone.</summary>
    private static bool Sweep()
    {
        if (OperatingSystem.IsWindows())
        {
            foreach (string path in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
            {
                if (IsLeftOver(Path.GetFileName(path)))
                {
                    DeleteByPath(path);
                }
            }
        }
        else if (OperatingSystem.IsLinux())
        {
            SweepByDescriptors();
        }

        return true;
    }

    /// <summary>Takes only folders of this user's in which no other user writes: any other of such a name is a trap.</summary>
    private static void SweepByDescriptors()
    {
        using SafeFileHandle all = OpenFolder(Path.GetTempPath());
        uint user = Libc.EffectiveUserId();

        // Where others may rename folders of this user's, a name says nothing.
        if (!Libc.TryStatus(all, out Libc.FileStatus status)
            || (status.Uid != 0 && status.Uid != user)
            || ((status.Mode & WritableByOthers) != 0 && (status.Mode & Sticky) == 0))
        {
            return;
        }

        long started = Stopwatch.GetTimestamp();
        DirectoryNames names = new(all);
        while (names.TryNext(out ReadOnlySpan<byte> bytes) && Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < SweepLimit)
        {
            string name = Encoding.UTF8.GetString(bytes[..^1]);
            if (IsLeftOver(name))
            {
                _ = FolderDeletion.Delete(
                    all, name, SweepLimit - elapsed, folder => folder.Uid == user && (folder.Mode & WritableByOthers) == 0);
            }
        }
    }

    /// <summary>Whether a name is one that <see cref="Create"/> gave in a process that is gone.</summary>
    private static bool IsLeftOver(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && name[Prefix.Length..].Split('-') is [var id, _, var place, { Length: 32 }]
        && place == PidNamespace.Id
        && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        && !Exists(process);

    private static bool IsOpenToOthers(string folder)
    {
        using SafeFileHandle opened = OpenFolder(folder);
        return Libc.TryStatus(opened, out Libc.FileStatus status)
            && ((status.Uid != 0 && status.Uid != Unmapped && status.Uid != Libc.EffectiveUserId())
                || ((status.Mode & WritableByAll) != 0 && (status.Mode & Sticky) == 0));
    }

    private static SafeFileHandle OpenFolder(string path) =>
        Libc.Open(path, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);

    private static bool Exists(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
