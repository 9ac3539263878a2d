namespace Glovebox.Egress;

/// <summary>That a sandbox is to have an egress proxy.</summary>
/// <param name="Setup">What it allows.</param>
/// <param name="Report">Gets what happens at it.</param>
/// <param name="Time">The clock.</param>
internal sealed record EgressRequest(EgressSetup Setup, Func<EgressEvent, Task> Report, TimeProvider Time);
