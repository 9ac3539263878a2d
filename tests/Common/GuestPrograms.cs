namespace Glovebox.Tests.Common;

/// <summary>Programs that several tests run.</summary>
public static class GuestPrograms
{
    /// <summary>Python that starts a daemon by the book: forked twice, a session of its own, no open file of the program's. The marker is
    /// its first argument.</summary>
    public static string Daemon(string marker) => $"""
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                null = os.open(os.devnull, os.O_RDWR)
                for stream in range(3):
                    os.dup2(null, stream)
                os.execvp("sleep", ["{marker}", "600"])
            os._exit(0)
        os.wait()
        """;
}
