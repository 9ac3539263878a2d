using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>The few system calls that .NET does not offer: opening, renaming and deleting relative to an open directory.</summary>
internal static partial class Libc
{
    public const int OpenReadOnly = 0;
    public const int OpenWriteOnly = 1;
    public const int OpenReadWrite = 2;
    public const int OpenCreate = 0x40;
    public const int OpenExclusive = 0x80;
    public const int OpenNonBlocking = 0x800;
    public const int OpenCloseOnExec = 0x80000;

    public const int OpenPath = 0x200000;

    public const int EmptyPath = 0x1000;
    public const int SymlinkNoFollow = 0x100;
    public const uint StatxBasic = 0x7ff;
    public const uint StatxMountId = 0x1000;

    public const int SigKill = 9;

    public const int ErrorNoEntry = 2;
    public const int ErrorNoDirectory = 20;
    public const int ErrorLoop = 40;

    // These two differ between the architectures that .NET runs on.
    public static readonly int OpenDirectory = IsArm ? 0x4000 : 0x10000;
    public static readonly int OpenNoFollow = IsArm ? 0x8000 : 0x20000;

    /// <summary>Gets the words for the error of the last call.</summary>
    public static string LastError => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle OpenAt(SafeFileHandle directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectoryAt(SafeFileHandle directory, string path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(SafeFileHandle directory, string path, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int ChangeOwner(SafeFileHandle file, uint uid, uint gid);

    /// <summary>Locks an open file for this descriptor alone, or fails at once.</summary>
    public static bool TryLock(SafeFileHandle file) => Lock(file, 2 | 4 /* LOCK_EX | LOCK_NB */) == 0;

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int SetDescriptorFlags(int descriptor, int command, nint flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeHandle descriptor, nuint request, out int value);

    /// <summary>How many bytes a pipe holds; 0 where that cannot be told.</summary>
    public static int BytesToRead(SafeHandle descriptor) => Ioctl(descriptor, 0x541B /* FIONREAD */, out int count) == 0 ? count : 0;

    /// <summary>Sends a signal to a process, or, with a negative id, to a process group.</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int id, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroupId();

    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint Signal(int number, nint handler);

    /// <summary><c>statx</c>: unlike <c>fstat</c>, its structure is the same on every architecture.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, out FileStatus status);

    /// <summary>The status of a path, links followed.</summary>
    /// <exception cref="SandboxUnavailableException">It cannot be read.</exception>
    public static FileStatus Status(string path)
    {
        using SafeFileHandle directory = Open(path, OpenReadOnly | OpenPath | OpenCloseOnExec, 0);
        return !directory.IsInvalid && Statx(directory, "", EmptyPath, StatxBasic, out FileStatus status) == 0
            ? status
            : throw new SandboxUnavailableException(
                "work-directory-unusable", $"'{path}' cannot be read: {LastError}.");
    }

    /// <summary>The beginning of the kernel's <c>struct statx</c>; the rest is room that the kernel fills.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct FileStatus
    {
        private const int TypeMask = 0xF000;

        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public long ChangeSeconds;

        [FieldOffset(104)]
        public uint ChangeNanoseconds;

        [FieldOffset(112)]
        public long ModifySeconds;

        [FieldOffset(120)]
        public uint ModifyNanoseconds;

        /// <summary>Of a device node: which device it is; 0 for no device.</summary>
        [FieldOffset(128)]
        public ulong NodeDevice;

        [FieldOffset(136)]
        public ulong Device;

        [FieldOffset(144)]
        public ulong MountId;

        public readonly bool IsRegular => (Mode & TypeMask) == 0x8000;

        public readonly bool IsDirectory => (Mode & TypeMask) == 0x4000;

        /// <summary>Whether it has set-user-id or set-group-id bits.</summary>
        public readonly bool HasSetIdBits => (Mode & 0xC00) != 0;

        /// <summary>Whether it makes who runs it another user, or one of another group.</summary>
        public readonly bool IsSetIdProgram => IsRegular && ((Mode & 0x800) != 0 || (Mode & 0x408) == 0x408);

        public readonly bool IsDeviceNode => (Mode & TypeMask) is 0x2000 or 0x6000 && NodeDevice != 0;

        public readonly bool IsLink => (Mode & TypeMask) == 0xA000;

        /// <summary>Where it is mounted. Kernels before 5.8 tell file systems apart, but not two mounts of one.</summary>
        public readonly (ulong Device, ulong MountId) Mount => (Mask & StatxMountId) != 0 ? (0, MountId) : (Device, 0);

        /// <summary>Whether a user has all of some rights, by the mode bits; an owner always has, who can give them to itself.</summary>
        /// <param name="user">The user.</param>
        /// <param name="rights">A digit of a mode: 4 reads, 2 writes, 1 enters.</param>
        public readonly bool Allows(UserId user, int rights) =>
            Uid == user.Uid || ((Gid == user.Gid ? Mode >> 3 : Mode) & rights) == rights;
    }
}
