using System.Runtime.InteropServices;
using Glovebox.Cli.Executors;
using Glovebox.Hosting;

namespace Glovebox.Cli.Doctor;

/// <summary>The findings of <c>glovebox doctor</c>, as <c>--json</c> prints them.</summary>
/// <param name="Version">The version of Glovebox.</param>
/// <param name="Platform">The operating system and the processor.</param>
/// <param name="Auto">The executor that <c>--executor auto</c> takes here, or null when no executor that isolates works.</param>
/// <param name="Executors">The executors, in the order in which <c>auto</c> tries them.</param>
internal sealed record DoctorReport(string Version, string Platform, string? Auto, IReadOnlyList<DoctorExecutor> Executors)
{
    public static DoctorReport Of(
        IReadOnlyList<CodeExecutorKind> kinds,
        IReadOnlyList<ExecutorDiagnosis> diagnoses,
        IReadOnlyList<IReadOnlyList<DoctorLanguage>> languages) => new(
        Program.Version,
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        kinds.Zip(diagnoses).FirstOrDefault(p => p.First.IsAutomatic && p.Second.IsAvailable).Second?.Name,
        [.. diagnoses.Zip(languages, DoctorExecutor.Of)]);
}

/// <summary>One executor.</summary>
/// <param name="Name">Its name for <c>--executor</c>.</param>
/// <param name="Available">Whether it works.</param>
/// <param name="Isolated">Whether it keeps guest code away from the host; null when it does not work.</param>
/// <param name="Version">The version of bubblewrap, the engine or the server.</param>
/// <param name="Reason">Why it does not work.</param>
/// <param name="Hint">What to do about it.</param>
/// <param name="GuestAgent">Whether the guest agent runs blocks; null when it does not work.</param>
/// <param name="Note">More about it, or null.</param>
/// <param name="Controls">The controls that it enforces.</param>
/// <param name="Languages">The languages of the library, in its order. Empty when the executor does not work, or cannot be asked.</param>
internal sealed record DoctorExecutor(
    string Name,
    bool Available,
    bool? Isolated,
    string? Version,
    string? Reason,
    string? Hint,
    bool? GuestAgent,
    string? Note,
    IReadOnlyList<DoctorControl> Controls,
    IReadOnlyList<DoctorLanguage> Languages)
{
    public static DoctorExecutor Of(ExecutorDiagnosis diagnosis, IReadOnlyList<DoctorLanguage> languages) => new(
        diagnosis.Name,
        diagnosis.IsAvailable,
        diagnosis.Capabilities?.IsIsolated,
        diagnosis.Version,
        diagnosis.Reason,
        diagnosis.Hint,
        diagnosis.Capabilities?.UsesGuestAgent,
        diagnosis.Capabilities?.GuestAgentDetail,
        [.. (diagnosis.Capabilities?.Controls ?? []).Select(DoctorControl.Of)],
        languages);
}

/// <summary>One language.</summary>
/// <param name="Name">Its canonical name.</param>
/// <param name="Usable">Whether blocks in it run.</param>
/// <param name="Version">The version of its interpreter, or null where that says none.</param>
/// <param name="Hint">What to install, or null.</param>
internal sealed record DoctorLanguage(string Name, bool Usable, string? Version, string? Hint);

/// <summary>One control.</summary>
/// <param name="Name">For example <c>memory</c>.</param>
/// <param name="Level"><c>full</c>, <c>partial</c> or <c>none</c>.</param>
/// <param name="Mechanism">How it is enforced, or why not.</param>
internal sealed record DoctorControl(string Name, string Level, string Mechanism)
{
    public static DoctorControl Of(ControlCapability control) =>
        new(control.Name, control.Level.ToString().ToLowerInvariant(), control.Mechanism);
}
