namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>What attacking programs share.</summary>
internal static class GuestAttacks
{
    /// <summary>Python with <c>call(x64, arm64, *arguments)</c>, which makes a system call, and <c>tried(action)</c>, which give the name
    /// of the error or OK; and <c>terminal()</c>, which makes one that controls this process.</summary>
    public const string Prelude = """
        import ctypes, errno, os, platform, signal, socket, struct
        libc = ctypes.CDLL(None, use_errno=True)
        def call(x64, arm64, *arguments):
            number = x64 if platform.machine() == 'x86_64' else arm64
            ctypes.set_errno(0)
            result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
            return errno.errorcode[ctypes.get_errno()] if result == -1 else 'OK'
        def tried(action):
            try:
                action()
                return 'OK'
            except OSError as e:
                return errno.errorcode[e.errno]
        def terminal():
            return os.open(os.ttyname(os.openpty()[1]), os.O_RDWR)

        """;
}
