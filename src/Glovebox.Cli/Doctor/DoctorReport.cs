namespace Glovebox.Cli.Doctor;

/// <summary>What <c>glovebox doctor --json</c> prints.</summary>
internal sealed record DoctorReport(IReadOnlyList<DoctorExecutor> Executors)
{
    public static DoctorReport Of(IEnumerable<ExecutorDiagnosis> diagnoses) => new([.. diagnoses.Select(d => new DoctorExecutor(
        d.Name,
        d.IsAvailable,
        d.Capabilities?.IsIsolated,
        d.Version,
        d.Reason,
        d.Hint,
        d.Capabilities?.UsesGuestAgent,
        [.. (d.Capabilities?.Controls ?? []).Select(c => new DoctorControl(c.Name, c.Level.ToString().ToLowerInvariant(), c.Mechanism))]))]);
}

/// <summary>One executor.</summary>
internal sealed record DoctorExecutor(
    string Name, bool Available, bool? Isolated, string? Version, string? Reason, string? Hint, bool? GuestAgent, IReadOnlyList<DoctorControl> Controls);

/// <summary>One control: <c>full</c>, <c>partial</c> or <c>none</c>.</summary>
internal sealed record DoctorControl(string Name, string Level, string Mechanism);
