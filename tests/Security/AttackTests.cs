using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>Attacks that tell by themselves whether they were refused. Each is tried on every set-up, and once without the
/// defence.</summary>
/// <param name="sandboxes">One for each set-up, for attacks that leave it as it was.</param>
public abstract class AttackTests(SandboxesFixture sandboxes)
{
    internal const int Limit = 120_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Each attack of some groups with each set-up on which it is tried.</summary>
    public static TheoryData<string, string> Tried(params string[] groups)
    {
        TheoryData<string, string> data = [];
        foreach (Attack attack in Attack.Of(groups).Where(a => !a.IsJudgedByHost))
        {
            foreach (string setUp in SetUps.All.Where(attack.IsOn))
            {
                data.Add(attack.Name, setUp);
            }
        }

        return data;
    }

    /// <summary>Each attack of some groups.</summary>
    public static TheoryData<string> Canary(params string[] groups) =>
        [.. Attack.Of(groups).Where(a => !a.IsJudgedByHost && Canaries.IsPossible(a.Canary!)).Select(a => a.Name)];

    /// <summary>Fails unless an attack is refused and its sandbox works on.</summary>
    protected async Task RefusesAsync(string name, string setUp)
    {
        Attack attack = Attack.Load(name);
        IAttacked sandbox = attack.NeedsOwnSandbox
            ? await SetUps.StartSmallAsync(setUp)
            : await sandboxes.GetAsync(setUp, name.StartsWith("bridge/", StringComparison.Ordinal));
        try
        {
            var facts = HostFacts.Current.With(("shm", SetUps.SharedMemory(setUp)), ("root", setUp == SetUps.ContainerAsRoot));
            AttackedAnswer answer = await sandbox.AskAsync(new(AttackedAction.Run, attack.Code(facts)), Ct);
            Verdict verdict = Judge(answer);
            Assert.True(verdict.IsRefused, verdict.Text);
            TestContext.Current.TestOutputHelper?.WriteLine(verdict.Text);
            Assert.Equal("on\n", (await sandbox.AskAsync(new(AttackedAction.Run, "print('on')"), Ct)).Output);
        }
        finally
        {
            if (attack.NeedsOwnSandbox)
            {
                await sandbox.DisposeAsync();
            }
        }
    }

    /// <summary>Fails unless the same attack succeeds without the defence.</summary>
    protected static async Task SucceedsWithoutDefenceAsync(string name)
    {
        Verdict verdict = Judge(await Canaries.RunAsync(Attack.Load(name)));
        Assert.True(verdict.HasSucceeded, verdict.Text);
    }

    /// <summary>Of output, only the host knows how much it took.</summary>
    private static Verdict Judge(AttackedAnswer answer)
    {
        bool isLong = answer.Output.Length > ExecutionPolicy.DefaultMaxOutput + 1000;
        return answer.Output.EndsWith("OUTPUT\n", StringComparison.Ordinal)
            ? new(!isLong, isLong, $"{answer.Output.Length} characters")
            : Verdict.Of(answer);
    }
}
