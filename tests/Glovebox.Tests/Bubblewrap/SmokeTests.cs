using System.Diagnostics;

namespace Glovebox.Tests.Bubblewrap;

public sealed class SmokeTests(ITestOutputHelper log)
{
    [Fact]
    public async Task Try()
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        await using BubblewrapCommandLineCodeExecutor e = new(new() { Timeout = TimeSpan.FromSeconds(2) });
        Stopwatch w = Stopwatch.StartNew();
        await e.StartAsync(ct);
        log.WriteLine($"start {w.Elapsed.TotalMilliseconds}");
        foreach ((string l, string c) in new[]
        {
            ("python", "print(1)"), ("python", "print(1)"), ("python", "print(1)"), ("bash", "id; ls -la / . /run/glovebox /etc; env; cat /proc/self/status | grep -E 'Cap|Seccomp|NoNew'; ls -l /proc/self/fd; ls /proc"),
            ("python", "import sys,os\nprint(__file__, sys.argv, sys.path, os.listdir('/proc/self/fd'), list(globals()))\ndef f():\n  1/0\nf()"),
            ("python", "raise SystemExit('bye')"), ("python", "x ="), ("python", "while True: pass"), ("python", "import os; os.kill(os.getpid(), 11)"),
            ("bash", "sleep 100 & disown; echo hi"), ("python", "x = bytearray(3<<30)"), ("bash", ":(){ :|:& };:; sleep 5"), ("python", "print(2)"), ("nope", ""), ("pwsh", "1"),
        })
        {
            w.Restart();
            CodeResult r = await e.ExecuteCodeBlocksAsync([new(l, c)], ct);
            log.WriteLine($"{l} {c}: {w.Elapsed.TotalMilliseconds} ms exit {r.ExitCode} {r.Blocks[0].Termination} {r.Blocks[0].Duration.TotalMilliseconds}\n{(r.Output.Length > 3000 ? r.Output[..3000] : r.Output)}");
        }

        foreach (ControlCapability c in ((EnvironmentCapabilities)e.GetService(typeof(EnvironmentCapabilities))!).Controls)
        {
            log.WriteLine(c.ToString());
        }
    }
}
