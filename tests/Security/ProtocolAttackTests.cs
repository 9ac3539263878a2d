using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>Whether a guest can speak for the agent, look into it or end it.</summary>
public sealed class ProtocolAttackTests(SandboxesFixture sandboxes) : AttackTests(sandboxes), IClassFixture<SandboxesFixture>
{
    public static TheoryData<string, string> Tries => Tried("protocol");

    public static TheoryData<string> CanaryTries => Canary("protocol");

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Tries))]
    public Task An_attack_is_refused(string attack, string setUp) => RefusesAsync(attack, setUp);

    [Theory(Timeout = Limit)]
    [MemberData(nameof(CanaryTries))]
    public Task Without_the_defence_it_succeeds(string attack) => SucceedsWithoutDefenceAsync(attack);
}
