namespace Glovebox.Security.Tests;

/// <summary>What a guest can use up.</summary>
public sealed class ResourceAttackTests(SandboxesFixture sandboxes) : AttackTests(sandboxes), IClassFixture<SandboxesFixture>
{
    public static TheoryData<string, string> Tries => Tried("resources");

    public static TheoryData<string> CanaryTries => Canary("resources");

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Tries))]
    public Task An_attack_is_refused(string attack, string setUp) => RefusesAsync(attack, setUp);

    [Theory(Timeout = Limit)]
    [MemberData(nameof(CanaryTries))]
    public Task Without_the_defence_it_succeeds(string attack) => SucceedsWithoutDefenceAsync(attack);
}
