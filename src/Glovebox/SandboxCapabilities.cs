namespace Glovebox;

/// <summary>What a started sandbox enforces, and how.</summary>
public sealed class SandboxCapabilities
{
    /// <summary>Gets the kind of its provider: <c>bubblewrap</c>, <c>local</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>Gets whether guest code is kept away from the host.</summary>
    public required bool IsIsolated { get; init; }

    /// <summary>Gets whether the guest agent, with its fork server for Python, runs programs.</summary>
    public required bool UsesGuestAgent { get; init; }

    /// <summary>Gets why the guest agent is not used; null when it is, or when there is nothing to say.</summary>
    public string? GuestAgentDetail { get; init; }

    /// <summary>Gets each control, how far it holds, and by what means.</summary>
    public required IReadOnlyList<ControlCapability> Controls { get; init; }

    /// <summary>Gets a control by its name, or null.</summary>
    /// <param name="name">For example <c>memory</c>.</param>
    public ControlCapability? Control(string name) => Controls.FirstOrDefault(c => c.Name == name);
}

/// <summary>One control of a sandbox.</summary>
/// <param name="name">Its name.</param>
/// <param name="level">How far it holds.</param>
/// <param name="mechanism">By what means, or why not, in words.</param>
public sealed class ControlCapability(string name, EnforcementLevel level, string mechanism)
{
    /// <summary>Gets its name: <c>memory</c>, <c>processes</c>, <c>cpus</c>, <c>network</c>, <c>filesystem</c>, <c>user</c>,
    /// <c>seccomp</c>, …</summary>
    public string Name => name;

    /// <summary>Gets how far it holds.</summary>
    public EnforcementLevel Level => level;

    /// <summary>Gets by what means, or why not, in words.</summary>
    public string Mechanism => mechanism;
}

/// <summary>How far a control holds.</summary>
public enum EnforcementLevel
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>In part: for each process alone, say, and not for all together.</summary>
    Partial,

    /// <summary>In full.</summary>
    Full,
}
