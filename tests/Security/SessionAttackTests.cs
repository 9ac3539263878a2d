using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>Two sandboxes at the same time: neither finds anything of the other.</summary>
public sealed class SessionAttackTests
{
    public static TheoryData<string> Tries => [.. SetUps.All];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = AttackTests.Limit)]
    [MemberData(nameof(Tries))]
    public async Task A_sandbox_finds_nothing_of_its_neighbour(string setUp)
    {
        await using IAttacked neighbour = await SetUps.StartAsync(setUp), sandbox = await SetUps.StartAsync(setUp);
        string mark = HostProcesses.NewMarker();
        IReadOnlyDictionary<string, object> facts = HostFacts.Current.With(("mark", mark), ("key", 0x676c6f76), ("guest_port", 47113));
        AttackedAnswer planted = await neighbour.AskAsync(new(AttackedAction.Run, Attack.Load("sessions/plant").Code(facts)), Ct);
        Assert.True(planted.Output == "planted\n", planted.ToString());
        foreach (Attack attack in Attack.Of("sessions"))
        {
            string code = attack.Code(facts);
            Verdict verdict = Verdict.Of(await sandbox.AskAsync(new(AttackedAction.Run, code), Ct));
            Assert.True(verdict.IsRefused, $"{attack.Name}: {verdict.Text}");

            // The canary: the neighbour itself finds it.
            verdict = Verdict.Of(await neighbour.AskAsync(new(AttackedAction.Run, code), Ct));
            Assert.True(verdict.HasSucceeded, $"{attack.Name}, the neighbour itself: {verdict.Text}");
        }
    }
}
