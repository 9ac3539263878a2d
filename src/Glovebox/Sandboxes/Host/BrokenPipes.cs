using System.Runtime.InteropServices;

namespace Glovebox.Sandboxes.Host;

/// <summary>Gives child processes SIGPIPE's default back, which ends a writer whose reader is gone.</summary>
/// <remarks>
/// .NET ignores SIGPIPE, and what is ignored stays so in a child: <c>yes | head</c> would complain of a broken pipe there and fail. What
/// has a handler gets its default back when .NET starts a child. So SIGPIPE gets a handler without effect.
/// </remarks>
internal static class BrokenPipes
{
    private const int SigPipe = 13;
    private const nint Ignore = 1;

    private static readonly Lazy<bool> Handled = new(Handle);

    public static void AreTheDefaultInChildren() => _ = Handled.Value;

    private static bool Handle()
    {
        // Managed code must not run in a signal handler; a pure function of the C library may, and takes the number without harm.
        if (!NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "abs", out nint harmless))
        {
            return false;
        }

        nint before = Libc.Signal(SigPipe, harmless);
        if (before != Ignore)
        {
            // The host program has a handler of its own: it stays, and has the same effect.
            _ = Libc.Signal(SigPipe, before);
        }

        return true;
    }
}
