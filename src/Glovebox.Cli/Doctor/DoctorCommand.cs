using System.CommandLine;
using System.Text.Json;
using Glovebox.Cli.Output;
using Spectre.Console;

namespace Glovebox.Cli.Doctor;

/// <summary><c>glovebox doctor</c>: which executors work on this machine, and what they enforce.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "Print one JSON object." };
        Command command = new("doctor", "Shows which executors work on this machine, why others do not, and what they enforce. Exits with 1 when none isolates.") { json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        const string Later = "It is not part of this version of Glovebox.";
        ExecutorDiagnosis[] diagnoses =
        [
            await BubblewrapCommandLineCodeExecutor.DiagnoseAsync(cancellationToken).ConfigureAwait(false),
            new ExecutorDiagnosis("docker", false, null, Later, null, null),
            new ExecutorDiagnosis("docker-jupyter", false, null, Later, null, null),
            await LocalCommandLineCodeExecutor.DiagnoseAsync(cancellationToken).ConfigureAwait(false),
        ];
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(DoctorReport.Of(diagnoses), JsonReportContext.Readable.DoctorReport));
        }
        else if (Console.IsOutputRedirected)
        {
            WritePlain(diagnoses);
        }
        else
        {
            WritePretty(diagnoses);
        }

        return diagnoses.Any(d => d.IsAvailable && d.Capabilities is { IsIsolated: true }) ? 0 : 1;
    }

    private static void WritePlain(IEnumerable<ExecutorDiagnosis> diagnoses)
    {
        foreach (ExecutorDiagnosis diagnosis in diagnoses)
        {
            Console.Out.WriteLine($"{diagnosis.Name}: {Summary(diagnosis)}");
            foreach (ControlCapability control in diagnosis.Capabilities?.Controls ?? [])
            {
                Console.Out.WriteLine($"  {control.Name}: {Level(control)} ({control.Mechanism})");
            }
        }
    }

    private static void WritePretty(IEnumerable<ExecutorDiagnosis> diagnoses)
    {
        foreach (ExecutorDiagnosis diagnosis in diagnoses)
        {
            string mark = diagnosis.IsAvailable ? "[green]✓[/]" : "[yellow]✗[/]";
            AnsiConsole.MarkupLine($"{mark} [bold]{diagnosis.Name}[/] {Markup.Escape(Summary(diagnosis))}");
            if (diagnosis.Capabilities is { } capabilities)
            {
                Table table = new() { Border = TableBorder.None, ShowHeaders = false };
                table.AddColumns(new TableColumn("").PadLeft(2), new TableColumn(""), new TableColumn(""));
                foreach (ControlCapability control in capabilities.Controls)
                {
                    string colour = control.Level switch { EnforcementLevel.Full => "green", EnforcementLevel.Partial => "yellow", _ => "dim" };
                    table.AddRow(control.Name, $"[{colour}]{Level(control)}[/]", $"[dim]{Markup.Escape(control.Mechanism)}[/]");
                }

                AnsiConsole.Write(table);
            }
        }
    }

    private static string Summary(ExecutorDiagnosis diagnosis) => diagnosis.IsAvailable
        ? string.Join(", ", new[]
        {
            "available",
            diagnosis.Version,
            diagnosis.Capabilities is { IsIsolated: true } ? null : "isolates nothing",
            diagnosis.Capabilities?.GuestAgentDetail,
        }.Where(t => t is not null))
        : $"not available. {diagnosis.Reason} {diagnosis.Hint}".TrimEnd();

    private static string Level(ControlCapability control) => control.Level.ToString().ToLowerInvariant();
}
