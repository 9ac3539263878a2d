using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>Hostile calls of host functions. HostileCallerConformance has more.</summary>
public sealed class BridgeAttackTests(SandboxesFixture sandboxes) : AttackTests(sandboxes), IClassFixture<SandboxesFixture>
{
    public static TheoryData<string, string> Tries => Tried("bridge");

    public static TheoryData<string> CanaryTries => Canary("bridge");

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Tries))]
    public Task An_attack_is_refused(string attack, string setUp) => RefusesAsync(attack, setUp);

    [Theory(Timeout = Limit)]
    [MemberData(nameof(CanaryTries))]
    public Task Without_the_defence_it_succeeds(string attack) => SucceedsWithoutDefenceAsync(attack);
}
