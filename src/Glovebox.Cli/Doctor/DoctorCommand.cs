using System.CommandLine;
using System.Text.Json;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Output;

namespace Glovebox.Cli.Doctor;

/// <summary><c>glovebox doctor</c>: which executors work on this machine, why others do not, what they enforce, and which
/// languages they run.</summary>
internal static class DoctorCommand
{
    private const int NoneIsolates = 1;

    public static Command Create(Option<bool> json)
    {
        Command command = new(
            "doctor",
            "Shows which executors work on this machine, why others do not, what they enforce, and which languages they run. "
            + "Exits with 1 when no executor isolates.")
        {
            json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        ExecutorDiagnosis[] diagnoses = await Task.WhenAll(
            ExecutorKinds.All.Select(k => k.DiagnoseAsync(cancellationToken))).ConfigureAwait(false);
        IReadOnlyList<DoctorLanguage>[] languages = await Task.WhenAll(ExecutorKinds.All.Zip(diagnoses).Select(
            pair => pair.Second.IsAvailable
                ? DoctorLanguages.FindAsync(pair.First, cancellationToken)
                : Task.FromResult<IReadOnlyList<DoctorLanguage>>([]))).ConfigureAwait(false);
        DoctorReport report = DoctorReport.Of(ExecutorKinds.All, diagnoses, languages);
        StandardStream output = StandardStream.Output;
        output.Write(
            json ? JsonSerializer.Serialize(report, JsonReportContext.Readable.DoctorReport) + "\n"
            : output.IsTerminal ? new DoctorText(
                new TerminalStyle(TerminalTraits.Detect(Environment.GetEnvironmentVariable).HasColour),
                TerminalTraits.Width()).Write(report)
            : new DoctorText(new TerminalStyle(hasColour: false), int.MaxValue).Write(report));
        return report.Auto is null ? NoneIsolates : 0;
    }
}
