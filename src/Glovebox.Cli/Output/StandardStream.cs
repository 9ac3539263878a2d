using System.Runtime.InteropServices;
using System.Text;

namespace Glovebox.Cli.Output;

/// <summary>Standard output or standard error, unbuffered, in UTF-8.</summary>
/// <remarks>By hand, because .NET's console stream reports success when the reader has gone, so that a run would go on. Its file stream
/// keeps a position of its own, and so overwrites what others write to the same file.</remarks>
internal sealed partial class StandardStream
{
    private const int ErrorInterrupted = 4;
    private const int ErrorBrokenPipe = 32;
    private const short PollWritable = 4;

    private static readonly int ErrorAgain = OperatingSystem.IsLinux() ? 11 : 35;

    private readonly int _descriptor;
    private readonly Stream? _windows;

    private StandardStream(int descriptor, bool isTerminal)
    {
        _descriptor = descriptor;
        IsTerminal = isTerminal;
        if (OperatingSystem.IsWindows())
        {
            _windows = descriptor == 1 ? Console.OpenStandardOutput() : Console.OpenStandardError();
        }
    }

    public static StandardStream Output { get; } = new(1, !Console.IsOutputRedirected);

    public static StandardStream Error { get; } = new(2, !Console.IsErrorRedirected);

    /// <summary>Whether both go to the same file or pipe.</summary>
    public static bool AreTheSame => OperatingSystem.IsLinux()
        && new FileInfo("/proc/self/fd/1").LinkTarget is { } target && target == new FileInfo("/proc/self/fd/2").LinkTarget;

    public bool IsTerminal { get; }

    /// <exception cref="OutputClosedException">The reader has gone.</exception>
    /// <exception cref="CliException">It cannot be written, as when the disk is full.</exception>
    public void Write(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (_windows is not null)
        {
            _windows.Write(bytes);
            return;
        }

        for (ReadOnlySpan<byte> rest = bytes; !rest.IsEmpty;)
        {
            nint written = Write(_descriptor, rest, (nuint)rest.Length);
            if (written >= 0)
            {
                rest = rest[(int)written..];
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == ErrorBrokenPipe)
            {
                throw new OutputClosedException();
            }

            if (error == ErrorAgain)
            {
                // Another program has made the terminal or the pipe non-blocking.
                PollDescriptor wait = new() { Descriptor = _descriptor, Events = PollWritable };
                _ = Poll(ref wait, 1, -1);
            }
            else if (error != ErrorInterrupted)
            {
                throw CliException.CouldNotRun(
                    "output-failed",
                    $"Standard {(_descriptor == 1 ? "output" : "error")} cannot be written: {Marshal.GetPInvokeErrorMessage(error)}.");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Received;
    }
}

/// <summary>The reader of the output is gone.</summary>
internal sealed class OutputClosedException() : Exception("The reader of the output has gone.");
