namespace Glovebox;

/// <summary>What a started sandbox enforces, and how.</summary>
public sealed record SandboxCapabilities
{
    /// <summary>The kind of its provider: <c>bubblewrap</c>, <c>local</c>, …</summary>
    public required string Kind { get; init; }

    /// <summary>Whether guest code is kept away from the host.</summary>
    public required bool IsIsolated { get; init; }

    /// <summary>Whether the guest agent runs blocks (with its fork server for Python), or each block is started by the sandbox
    /// itself.</summary>
    public required bool UsesGuestAgent { get; init; }

    /// <summary>Why the guest agent is not used; null when it is, or when there is nothing to say.</summary>
    public string? GuestAgentDetail { get; init; }

    /// <summary>Each control, whether it holds, and by what means.</summary>
    public required IReadOnlyList<ControlCapability> Controls { get; init; }

    /// <summary>Looks a control up by its name; null when this kind does not speak of it.</summary>
    /// <param name="name">For example <c>memory</c>.</param>
    public ControlCapability? Control(string name) => Controls.FirstOrDefault(c => c.Name == name);
}

/// <summary>One control of a sandbox.</summary>
/// <param name="Name">For example <c>memory</c>, <c>processes</c>, <c>cpus</c>, <c>network</c>, <c>filesystem</c>, <c>user</c>,
/// <c>seccomp</c>.</param>
/// <param name="Level">How far it holds.</param>
/// <param name="Mechanism">By what means, or why not, in words.</param>
public sealed record ControlCapability(string Name, EnforcementLevel Level, string Mechanism);

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
