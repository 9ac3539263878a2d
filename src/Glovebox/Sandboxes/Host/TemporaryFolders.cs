using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>Temporary folders of this process. Their names hold its id and the PID namespace that the id is one of, so that those of a
/// process that was killed can be found and deleted, and those of one that lives in another container beside us are left alone.</summary>
internal static class TemporaryFolders
{
    private const string Prefix = "glovebox-";
    private const uint OwnerOnly = 0x1C0; // 0700
    private const uint OthersEnter = 0x1ED; // 0755
    private const uint OthersRead = 0x1A4; // 0644
    private const int WritableByOthers = 0x12; // 0022
    private const int WritableByAll = 0x2; // 0002
    private const int Sticky = 0x200;

    /// <summary>The owner that a user namespace shows for files of users that it does not map.</summary>
    private const uint Unmapped = 65534;

    /// <summary>How long a sweep may take. The next process goes on with what this one does not manage.</summary>
    private static readonly TimeSpan SweepLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan DeleteLimit = TimeSpan.FromMinutes(5);
    private static readonly Lazy<bool> Swept = new(Sweep);

    /// <summary>Where they are: the path, without any link, that <c>TMPDIR</c> says.</summary>
    public static string Parent => Libc.RealPath(Path.GetTempPath()) ?? Path.GetTempPath();

    /// <summary>Makes a folder that only this user can enter. What is there already by its name is not taken.</summary>
    /// <exception cref="SandboxUnavailableException">It cannot be made.</exception>
    public static string Create(string purpose)
    {
        if (IsOpenToOthers(Parent))
        {
            // Its owner could put a link in the place of a folder that was made, or other files in the place of these.
            throw new SandboxUnavailableException(
                "temporary-folder-unusable",
                $"Another user may rename what is in '{Path.GetTempPath()}'.",
                "Set TMPDIR to a directory of your own, or to one such as /tmp, in which users cannot rename what others made.");
        }

        _ = Swept.Value;
        string path = Path.Combine(Parent, $"{Prefix}{Environment.ProcessId}-{purpose}-{PidNamespace.Id}-{Guid.NewGuid():n}");
        if (Libc.MakeDirectory(path, OwnerOnly) == 0)
        {
            return path;
        }

        // Before anything else asks the system.
        string error = Libc.LastError;
        throw new SandboxUnavailableException(
            "temporary-folder-unusable",
            $"No folder can be made in '{Path.GetTempPath()}': {error}.",
            "Set TMPDIR to a directory that you may write.");
    }

    /// <summary>Makes a folder in one that <see cref="Create"/> made. Only this user can enter it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void MakePrivate(string path)
    {
        if (Libc.MakeDirectory(path, OwnerOnly) != 0)
        {
            throw new IOException($"'{path}' cannot be made: {Libc.LastError}.");
        }
    }

    /// <summary>Lets every user enter a folder of this user's and read the names in it.</summary>
    public static void LetOthersEnter(string path) => SetMode(path, OthersEnter);

    /// <summary>Writes a new file that every user can read.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="isProgram">Whether every user can execute it.</param>
    public static void WriteFile(string path, ReadOnlySpan<byte> content, bool isProgram = false)
    {
        using (FileStream file = new(path, FileMode.CreateNew, FileAccess.Write))
        {
            file.Write(content);
        }

        SetMode(path, isProgram ? OthersEnter : OthersRead);
    }

    /// <summary>Deletes a folder that <see cref="Create"/> made, or one in it, with all that guest code left there.</summary>
    public static Task DeleteAsync(string path) => Task.Run(() =>
    {
        using SafeFileHandle parent = OpenFolder(Path.GetDirectoryName(path)!);
        if (!parent.IsInvalid)
        {
            _ = FolderDeletion.Delete(parent, Path.GetFileName(path), DeleteLimit);
        }
    });

    /// <summary>Deletes what processes that are gone have left behind: only folders of this user's in which no other user writes. Any other
    /// of such a name is a trap.</summary>
    private static bool Sweep()
    {
        using SafeFileHandle all = OpenFolder(Path.GetTempPath());
        uint user = Libc.EffectiveUserId();

        // Where others may rename folders of this user's, a name says nothing.
        if (!Libc.TryStatus(all, out Libc.FileStatus status)
            || (status.Uid != 0 && status.Uid != user)
            || ((status.Mode & WritableByOthers) != 0 && (status.Mode & Sticky) == 0))
        {
            return false;
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

        return true;
    }

    /// <summary>Whether a name is one that <see cref="Create"/> gave in a process that is gone.</summary>
    private static bool IsLeftOver(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && name[Prefix.Length..].Split('-') is [var id, _, var place, { Length: 32 }]
        && place == PidNamespace.Id
        && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        && !Directory.Exists($"/proc/{process}");

    private static bool IsOpenToOthers(string folder)
    {
        using SafeFileHandle opened = OpenFolder(folder);
        return Libc.TryStatus(opened, out Libc.FileStatus status)
            && ((status.Uid != 0 && status.Uid != Unmapped && status.Uid != Libc.EffectiveUserId())
                || ((status.Mode & WritableByAll) != 0 && (status.Mode & Sticky) == 0));
    }

    private static void SetMode(string path, uint mode)
    {
        if (Libc.ChangeMode(path, mode) != 0)
        {
            throw new IOException($"The mode of '{path}' cannot be set: {Libc.LastError}.");
        }
    }

    private static SafeFileHandle OpenFolder(string path) =>
        Libc.Open(path, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
}
