using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>What a guest can use up.</summary>
public sealed class ResourceAttackTests(SandboxesFixture sandboxes) : AttackTests(sandboxes), IClassFixture<SandboxesFixture>
{
    public static TheoryData<string, string> Tries => Tried("resources");

    public static TheoryData<string> CanaryTries => Canary("resources");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Tries))]
    public Task An_attack_is_refused(string attack, string setUp) => RefusesAsync(attack, setUp);

    [Theory(Timeout = Limit)]
    [MemberData(nameof(CanaryTries))]
    public Task Without_the_defence_it_succeeds(string attack) => SucceedsWithoutDefenceAsync(attack);

    [Fact(Timeout = Limit)]
    public async Task Inotify_instances_of_a_user_of_the_host_are_left_where_the_guest_has_a_uid_of_its_own()
    {
        // A plain user and the engine's containers share the limit with programs of the host that have the same uid.
        foreach (string setUp in SetUps.All.Where(s => !SetUps.IsContainer(s)))
        {
            await using IAttacked sandbox = await SetUps.StartAsync(setUp);
            string code = Attack.Load("resources/inotify").Code(HostFacts.Current.Values);
            AttackedAnswer answer = await sandbox.AskAsync(new(AttackedAction.Run, code), Ct);
            Assert.StartsWith("took ", answer.Output, StringComparison.Ordinal);
            Assert.NotEqual("took 0\n", answer.Output);
            (_, string descriptor) = await HostRun.CommandAsync(
                "/", [.. RemoteSandbox.Prefix, "/usr/bin/python3", "-c", "import ctypes; print(ctypes.CDLL(None).inotify_init1(0))"]);

            // The plain user is the canary.
            Assert.Equal(setUp == SetUps.PlainUser, descriptor == "-1\n");
        }
    }
}
