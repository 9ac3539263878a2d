using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>What of the network a guest reaches.</summary>
public sealed class NetworkAttackTests(SandboxesFixture sandboxes) : AttackTests(sandboxes), IClassFixture<SandboxesFixture>
{
    public static TheoryData<string, string> Tries => Tried("network");

    public static TheoryData<string> CanaryTries => Canary("network");

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Tries))]
    public Task An_attack_is_refused(string attack, string setUp) => RefusesAsync(attack, setUp);

    [Theory(Timeout = Limit)]
    [MemberData(nameof(CanaryTries))]
    public Task Without_the_defence_it_succeeds(string attack) => SucceedsWithoutDefenceAsync(attack);
}
