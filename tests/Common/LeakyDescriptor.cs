using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Glovebox.Tests.Common;

/// <summary>A descriptor that children inherit, as careless native code and careless parents leave them.</summary>
internal static partial class LeakyDescriptor
{
    public static int Open(string path) => OpenFile(path, 0) is >= 0 and var descriptor ? descriptor : throw new Win32Exception(Marshal.GetLastPInvokeError());

    public static void Close(int descriptor) => _ = CloseFile(descriptor);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int descriptor);
}
