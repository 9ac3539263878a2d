using System.Diagnostics;

namespace Glovebox.Tests.Common;

/// <summary>A process that exchanges two names in a folder, as fast as it can, until it is disposed of.</summary>
internal sealed class Swapper : IDisposable
{
    private const string Program = """
        import ctypes, os, sys
        libc = ctypes.CDLL(None)
        one, other, away = (os.fsencode(a) for a in sys.argv[1:])
        print('ready', flush=True)
        count = 0
        while True:
            # 2 is RENAME_EXCHANGE.
            if libc.renameat2(-100, one, -100, other, 2) == 0 and away:
                for _ in range(40): pass
                libc.renameat2(-100, one, -100, other, 2)
                count += 1
                libc.rename(other, away + b'%d' % count)
        """;

    private readonly Process _process;

    private Swapper(Process process) => _process = process;

    /// <summary>Starts it.</summary>
    /// <param name="folder">Where the names are.</param>
    /// <param name="one">A name.</param>
    /// <param name="other">Another.</param>
    /// <param name="away">What begins the names to which the other is moved, once it was exchanged there and back; empty: it stays.</param>
    public static async Task<Swapper> StartAsync(string folder, string one, string other, string away = "")
    {
        Process process = Process.Start(
            new ProcessStartInfo("python3", ["-c", Program, one, other, away]) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        return new Swapper(process);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
