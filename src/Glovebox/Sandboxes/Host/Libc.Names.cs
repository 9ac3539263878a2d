using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>System calls that take names as bytes, for those that are not UTF-8. Each name ends with a NUL.</summary>
internal static partial class Libc
{
    public const int RemoveDirectory = 0x200;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial SafeFileHandle OpenAt(SafeFileHandle directory, ReadOnlySpan<byte> name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    public static partial int MakeDirectoryAt(SafeFileHandle directory, ReadOnlySpan<byte> name, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static unsafe partial int Statx(
        SafeFileHandle directory, ReadOnlySpan<byte> name, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int UnlinkAt(SafeFileHandle directory, ReadOnlySpan<byte> name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    public static partial int RenameAt(
        SafeFileHandle fromDirectory, ReadOnlySpan<byte> from, SafeFileHandle toDirectory, ReadOnlySpan<byte> to);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int FileSystemStatus(SafeFileHandle file, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, SafeFileHandle directory, Span<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial nint Seek(SafeFileHandle file, nint offset, int origin);

    /// <summary>Sets the mode of what a descriptor stands for, one opened with <see cref="OpenPath"/> too, which fchmod refuses.</summary>
    public static bool SetMode(SafeFileHandle file, uint mode) => ChangeMode(PathOf(file), mode) == 0;

    /// <summary>The status of an open file, with its mount.</summary>
    public static bool TryStatus(SafeFileHandle file, out FileStatus status)
    {
        status = default;
        return !file.IsInvalid && Statx(file, "", EmptyPath, StatxBasic | StatxMountId, out status) == 0;
    }

    /// <summary>Whether two descriptors stand for one file, however often it is mounted.</summary>
    public static bool IsSame(SafeFileHandle one, SafeFileHandle other) =>
        TryStatus(one, out FileStatus first) && TryStatus(
            other, out FileStatus second) && (first.Device, first.Inode) == (second.Device, second.Inode);

    /// <summary>Where a directory is, once all links are followed; null when it is not a directory, or cannot be opened.</summary>
    public static string? RealPath(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        using SafeFileHandle directory = Open(path, OpenPath | OpenDirectory | OpenCloseOnExec, 0);
        return directory.IsInvalid ? null : RealPath(directory);
    }

    /// <summary>Where an open directory is, as the kernel tells.</summary>
    public static string? RealPath(SafeFileHandle directory) => new FileInfo(PathOf(directory)).LinkTarget;

    /// <summary>Opens a directory and refuses any link on the way to it, and at its end.</summary>
    public static SafeFileHandle OpenWithoutLinks(string path)
    {
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        SafeFileHandle at = Open("/", OpenPath | OpenDirectory | OpenCloseOnExec, 0);
        for (int i = 0; i <= names.Length; i++)
        {
            bool isLast = i == names.Length;
            using SafeFileHandle above = at;
            int access = isLast ? OpenReadOnly : OpenPath;
            at = OpenAt(above, isLast ? "." : names[i], access | OpenDirectory | OpenNoFollow | OpenCloseOnExec, 0);
            if (at.IsInvalid)
            {
                break;
            }
        }

        return at;
    }

    /// <summary>The magic number of the file system of an open file; 0 when it cannot be told.</summary>
    public static uint FileSystemOf(SafeFileHandle file)
    {
        Span<byte> status = stackalloc byte[256];
        return FileSystemStatus(file, status) == 0 ? MemoryMarshal.Read<uint>(status) : 0;
    }

    /// <summary>Reads entries of an open directory, as many as fit, by <c>getdents64</c>, which not every libc offers by name.</summary>
    /// <returns>The bytes read; 0 at the end and when it fails.</returns>
    public static int ReadEntries(SafeFileHandle directory, Span<byte> buffer)
    {
        int number = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm ? 217 : 61;
        return (int)Math.Max(0, SystemCall(number, directory, buffer, buffer.Length));
    }

    /// <summary>The name of a file, as paths of a work directory write it, for these calls.</summary>
    public static byte[] Name(string name) => [.. EscapedPath.ToBytes(name), 0];

    /// <summary>Lets the next <see cref="ReadEntries"/> begin again.</summary>
    public static void Rewind(SafeFileHandle directory) => _ = Seek(directory, 0, 0);

    /// <summary>A path that leads to what a descriptor stands for, whatever its name means by now.</summary>
    public static string PathOf(SafeFileHandle file) => $"/proc/self/fd/{file.DangerousGetHandle()}";
}
