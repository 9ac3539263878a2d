using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>System calls about mounts and namespaces. All set the last P/Invoke error.</summary>
internal static partial class MountCalls
{
    public const nuint ReadOnly = 0x1;
    public const nuint NoSetId = 0x2;
    public const nuint NoDevices = 0x4;
    public const nuint Remount = 0x20;
    public const nuint Bind = 0x1000;
    public const nuint Recursive = 0x4000;
    public const nuint Slave = 0x80000;

    public const int NewMountNamespace = 0x20000;

    // These three have the same number on every architecture; older C libraries have no functions for them.
    private const nint OpenTreeCall = 428;
    private const nint MoveMountCall = 429;
    private const nint MountSetAttributesCall = 442;

    private const uint RecursiveTree = 0x8000;
    private const uint CloneTree = 1;

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int EnterNamespace(SafeFileHandle space, int kind);

    [LibraryImport("libc", EntryPoint = "fchdir", SetLastError = true)]
    public static partial int EnterFolder(SafeFileHandle folder);

    [LibraryImport("libc", EntryPoint = "chroot", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeRoot(string path);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string? source, string target, string? type, nuint flags, string? data);

    /// <summary>Makes a copy of the mount at an open folder, with what is mounted below it; it is nowhere yet.</summary>
    public static SafeFileHandle OpenTree(SafeFileHandle folder) =>
        OpenTree(OpenTreeCall, folder, "", CloneTree | RecursiveTree | (uint)Libc.EmptyPath | (uint)Libc.OpenCloseOnExec);

    /// <summary>Puts such a copy over a folder.</summary>
    public static int MoveMount(SafeFileHandle tree, string target) =>
        (int)MoveMount(MoveMountCall, tree, "", -100 /* AT_FDCWD */, target, 0x4 /* MOVE_MOUNT_F_EMPTY_PATH */);

    /// <summary>Maps the owners in such a copy, by the ids of a user namespace. Linux 5.12 and newer, and not every file system.</summary>
    public static int MapOwners(SafeFileHandle tree, SafeFileHandle userNamespace)
    {
        bool isHeld = false;
        try
        {
            userNamespace.DangerousAddRef(ref isHeld);
            MountAttributes attributes = new()
            {
                Set = 0x00100000, // MOUNT_ATTR_IDMAP
                UserNamespace = (ulong)userNamespace.DangerousGetHandle(),
            };
            nuint size = (nuint)Marshal.SizeOf<MountAttributes>();
            return (int)MountSetAttributes(
                MountSetAttributesCall, tree, "", RecursiveTree | (uint)Libc.EmptyPath, in attributes, size);
        }
        finally
        {
            if (isHeld)
            {
                userNamespace.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenTree(nint number, SafeFileHandle folder, string path, nuint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint MoveMount(nint number, SafeFileHandle tree, string path, nint targetFolder, string target, nuint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint MountSetAttributes(
        nint number, SafeFileHandle tree, string path, nuint flags, in MountAttributes attributes, nuint size);

    /// <summary>The kernel's <c>struct mount_attr</c>.</summary>
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }
}
