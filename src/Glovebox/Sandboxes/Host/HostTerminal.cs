using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>A terminal of the host for one process: what is written is typed, what is read was printed.</summary>
internal sealed partial class HostTerminal : IDisposable
{
    /// <summary>Becomes a program whose controlling terminal is the first argument.</summary>
    private const string Attach = "t=$1; shift; exec setsid -c \"$@\" <\"$t\" >\"$t\" 2>&1";

    private readonly SafeFileHandle _ours;

    /// <summary>While this is open, a program that closes its own end is not hung up.</summary>
    private readonly SafeFileHandle _theirs;

    /// <exception cref="Win32Exception">There can be no more terminals.</exception>
    public HostTerminal(TerminalSize size)
    {
        _ours = Libc.Open("/dev/ptmx", Libc.OpenReadWrite | NoControl | Libc.OpenCloseOnExec, 0);
        byte[] name = new byte[128];
        if (_ours.IsInvalid || Unlock(_ours) != 0 || GetName(_ours, name, (nuint)name.Length) != 0)
        {
            throw Failure(_ours);
        }

        Path = Encoding.UTF8.GetString(name, 0, Array.IndexOf(name, (byte)0));
        _theirs = Libc.Open(Path, Libc.OpenReadWrite | NoControl | Libc.OpenCloseOnExec, 0);
        if (_theirs.IsInvalid)
        {
            throw Failure(_ours);
        }

        Resize(size);
        Stream = new FileStream(_ours, FileAccess.ReadWrite, bufferSize: 0);
    }

    private const int NoControl = 0x100;

    /// <summary>Gets its path, for the program.</summary>
    public string Path { get; }

    /// <summary>Gets our end.</summary>
    public Stream Stream { get; }

    /// <summary>Gets how many bytes wait to be read.</summary>
    public int Waiting => Libc.BytesToRead(_ours);

    /// <summary>Gives the program, and its arguments, that becomes a program at this terminal.</summary>
    public (string Program, string[] Arguments) Command(string program, IEnumerable<string> arguments) =>
        ("/bin/sh", ["-c", Attach, "sh", Path, program, .. arguments]);

    /// <summary>Gives it a size, of which its programs hear.</summary>
    public void Resize(TerminalSize size)
    {
        WindowSize value = new() { Rows = (ushort)size.Rows, Columns = (ushort)size.Columns };
        _ = SetSize(_ours, 0x5414 /* TIOCSWINSZ */, value);
    }

    /// <summary>The process has ended: what reads our end comes to an end, too.</summary>
    public void Release() => _theirs.Dispose();

    public void Dispose()
    {
        _theirs.Dispose();
        Stream.Dispose();
    }

    private static Win32Exception Failure(SafeFileHandle opened)
    {
        Win32Exception failure = new(Marshal.GetLastPInvokeError());
        opened.Dispose();
        return failure;
    }

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(SafeFileHandle terminal);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int GetName(SafeFileHandle terminal, Span<byte> name, nuint size);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int SetSize(SafeFileHandle terminal, nuint request, in WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
