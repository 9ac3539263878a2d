using Glovebox.Tests.Security.Harness;
using System.Diagnostics;

namespace Glovebox.Tests.Security;

/// <summary>Programs that want to live on: after their time, after a cancellation, after their sandbox.</summary>
public sealed class LifetimeAttackTests
{
    public static TheoryData<string, string> Tries
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (Attack attack in Attack.Of("lifetime"))
            {
                foreach (string setUp in SetUps.All)
                {
                    data.Add(attack.Name, setUp);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> AllSetUps => [.. SetUps.All];

    public static TheoryData<string> CanaryTries => [.. Attack.Of("lifetime").Select(a => a.Name)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = AttackTests.Limit)]
    [MemberData(nameof(AllSetUps))]
    public Task Nothing_lives_on_after_a_time_out(string setUp) => Task.WhenAll(Attack.Of("lifetime").Select(async attack =>
    {
        await using IAttacked sandbox = await SetUps.StartAsync(setUp, new() { TimeoutSeconds = 4 });
        (string code, string mark) = Marked(attack.Name);
        AttackedAnswer answer = await sandbox.AskAsync(new(AttackedAction.Run, code), Ct);
        Assert.Equal(nameof(TerminationReason.TimedOut), answer.Termination);
        Assert.Contains("ready\n", answer.Output, StringComparison.Ordinal);
        await HostProcesses.AreGoneAsync(mark);
        Assert.Equal("on\n", (await sandbox.AskAsync(new(AttackedAction.Run, "print('on')"), Ct)).Output);
    }));

    [Theory(Timeout = AttackTests.Limit)]
    [MemberData(nameof(Tries))]
    public async Task Nothing_lives_on_after_a_cancellation_or_after_the_sandbox(string attack, string setUp)
    {
        string mark, lasting;
        await using (IAttacked sandbox = await SetUps.StartAsync(setUp))
        {
            (string code, mark) = Marked(attack);
            Assert.Equal("Cancelled", (await sandbox.AskAsync(new(AttackedAction.Run, code) { Until = "ready" }, Ct)).Termination);
            await HostProcesses.AreGoneAsync(mark);

            // What a block leaves in the background lives on, as long as the sandbox.
            (code, lasting) = Marked(attack);
            code = code.Replace("time.sleep(600)\n", "os._exit(0)\n", StringComparison.Ordinal);
            AttackedAnswer answer = await sandbox.AskAsync(new(AttackedAction.Run, code), Ct);
            Assert.Equal(("ready\n", 0), (answer.Output, answer.ExitCode));
            await HostProcesses.AppearsAsync(lasting);
        }

        await HostProcesses.AreGoneAsync(lasting);
    }

    [Theory(Timeout = AttackTests.Limit)]
    [MemberData(nameof(CanaryTries))]
    public async Task Without_a_sandbox_it_lives_on(string attack)
    {
        // Under a bwrap of the test's own, so that the test can end it all: the kernel does that with the namespace.
        using TestFolder folder = new();
        (string code, string mark) = Marked(attack);
        const string starter = """
            import subprocess, sys
            program = subprocess.Popen(['python3', '-c', sys.argv[1]], stdout=-1)
            assert program.stdout.read(6) == b'ready\n'
            program.kill()
            program.wait()
            print('killed', flush=True)
            sys.stdin.read()
            """;
        string[] command = [.. HostRun.Open(folder.Path), "python3", "-c", starter, code];
        using Process process = Process.Start(
            new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("killed", await process.StandardOutput.ReadLineAsync(Ct));
        await HostProcesses.AppearsAsync(mark);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Ct);
        await HostProcesses.AreGoneAsync(mark);
    }

    private static (string Code, string Mark) Marked(string attack)
    {
        string mark = HostProcesses.NewMarker();
        return (Attack.Load(attack).Code(HostFacts.Current.With(("mark", mark))) + "\n", mark);
    }
}
