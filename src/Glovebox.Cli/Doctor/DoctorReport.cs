using System.Reflection;
using System.Runtime.InteropServices;
using Glovebox.Cli.Executors;
using Glovebox.Hosting;

namespace Glovebox.Cli.Doctor;

/// <summary>What <c>glovebox doctor</c> found; <c>--json</c> prints it.</summary>
/// <param name="Version">Of Glovebox.</param>
/// <param name="Platform">The operating system and the processor.</param>
/// <param name="Auto">What <c>--executor auto</c> takes here, or null when nothing that isolates works.</param>
/// <param name="Executors">In the order in which <c>auto</c> tries them.</param>
internal sealed record DoctorReport(string Version, string Platform, string? Auto, IReadOnlyList<DoctorExecutor> Executors)
{
    public static DoctorReport Of(IReadOnlyList<CodeExecutorKind> kinds, IReadOnlyList<ExecutorDiagnosis> diagnoses) => new(
        typeof(DoctorReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        kinds.Zip(diagnoses).FirstOrDefault(p => p.First.IsAutomatic && p.Second.IsAvailable).Second?.Name,
        [.. diagnoses.Select(DoctorExecutor.Of)]);
}

/// <summary>One executor.</summary>
/// <param name="Name">What <c>--executor</c> calls it.</param>
/// <param name="Available">Whether it works.</param>
/// <param name="Isolated">Whether it keeps guest code away from the host; null when it does not work.</param>
/// <param name="Version">Of what it stands on.</param>
/// <param name="Reason">Why it does not work.</param>
/// <param name="Hint">What to do about it.</param>
/// <param name="GuestAgent">Whether the guest agent runs blocks; null when it does not work.</param>
/// <param name="Note">What else there is to know of it.</param>
/// <param name="Controls">What it enforces.</param>
internal sealed record DoctorExecutor(
    string Name,
    bool Available,
    bool? Isolated,
    string? Version,
    string? Reason,
    string? Hint,
    bool? GuestAgent,
    string? Note,
    IReadOnlyList<DoctorControl> Controls)
{
    public static DoctorExecutor Of(ExecutorDiagnosis diagnosis) => new(
        diagnosis.Name,
        diagnosis.IsAvailable,
        diagnosis.Capabilities?.IsIsolated,
        diagnosis.Version,
        diagnosis.Reason,
        diagnosis.Hint,
        diagnosis.Capabilities?.UsesGuestAgent,
        diagnosis.Capabilities?.GuestAgentDetail,
        [.. (diagnosis.Capabilities?.Controls ?? []).Select(c => new DoctorControl(c.Name, c.Level.ToString().ToLowerInvariant(), c.Mechanism))]);
}

/// <summary>One control.</summary>
/// <param name="Name">For example <c>memory</c>.</param>
/// <param name="Level"><c>full</c>, <c>partial</c> or <c>none</c>.</param>
/// <param name="Mechanism">By what means, or why not.</param>
internal sealed record DoctorControl(string Name, string Level, string Mechanism);
