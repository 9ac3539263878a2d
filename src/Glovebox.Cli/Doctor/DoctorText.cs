using System.Text;
using Glovebox.Cli.Output;

namespace Glovebox.Cli.Doctor;

/// <summary>Writes the findings of <c>glovebox doctor</c> for people.</summary>
/// <param name="style">The colours.</param>
/// <param name="width">Columns; longer lines are wrapped between words.</param>
internal sealed class DoctorText(TerminalStyle style, int width)
{
    private const int Narrowest = 20;

    public string Write(DoctorReport report)
    {
        StringBuilder text = new();
        Paragraph(text, "", 0, $"Glovebox {report.Version} on {report.Platform}", style.Dim);
        int names = report.Executors.Max(e => e.Name.Length) + 2;
        int controls = report.Executors.SelectMany(e => e.Controls.Select(c => c.Name).Concat(e.Languages.Select(l => l.Name)))
            .Select(name => name.Length).DefaultIfEmpty().Max() + 2;
        foreach (DoctorExecutor executor in report.Executors)
        {
            text.Append('\n');
            string name = style.Bold(executor.Name) + Spaces(names - executor.Name.Length);
            if (!executor.Available)
            {
                Paragraph(text, name, names, "not available", style.Yellow);
                Paragraph(text, Spaces(names), names, executor.Reason ?? "");
                Paragraph(text, Spaces(names), names, executor.Hint ?? "", style.Dim);
                continue;
            }

            Paragraph(text, name, names, Summary(executor), executor.Isolated == true ? style.Green : style.Yellow);
            Paragraph(text, Spaces(names), names, executor.Note ?? "");
            foreach (DoctorControl control in executor.Controls)
            {
                Func<string, string> colour = control.Level switch { "full" => style.Green, "partial" => style.Yellow, _ => style.Dim };
                Paragraph(
                    text,
                    "  " + control.Name.PadRight(controls) + colour(control.Level.PadRight(9)),
                    2 + controls + 9,
                    control.Mechanism,
                    style.Dim);
            }

            foreach (DoctorLanguage language in executor.Languages)
            {
                string word = language.Usable ? style.Green("usable".PadRight(9)) : style.Yellow("missing".PadRight(9));
                Paragraph(
                    text,
                    "  " + language.Name.PadRight(controls) + word,
                    2 + controls + 9,
                    (language.Usable ? language.Version : language.Hint) ?? "-",
                    style.Dim);
            }
        }

        text.Append('\n');
        Paragraph(text, "", 0, report.Auto is { } auto
            ? $"--executor auto takes {auto} here."
            : "No executor that isolates works here, so --executor auto runs nothing.");
        return text.ToString();
    }

    private static string Summary(DoctorExecutor executor) => string.Join(", ", new[]
    {
        "available",
        executor.Version,
        executor.Isolated == true ? null : "isolates nothing; auto never takes it",
    }.OfType<string>());

    /// <summary>Writes words after a first column, which the lines that follow leave empty.</summary>
    private void Paragraph(StringBuilder text, string first, int indent, string words, Func<string, string>? colour = null)
    {
        foreach (string line in Wrap(TerminalText.Line(words), Math.Max(Narrowest, width - indent - 1)))
        {
            text.Append(first).Append(colour is null ? line : colour(line)).Append('\n');
            first = Spaces(indent);
        }
    }

    private static IEnumerable<string> Wrap(string words, int room)
    {
        string line = "";
        foreach (string word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > room)
            {
                yield return line;
                line = "";
            }

            line += (line.Length == 0 ? "" : " ") + word;
        }

        if (line.Length > 0)
        {
            yield return line;
        }
    }

    private static string Spaces(int count) => new(' ', count);
}
