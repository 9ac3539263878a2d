namespace Glovebox.Cli.Output;

/// <summary>Colours of the tool's own words; none where the output has none.</summary>
internal sealed class TerminalStyle(bool hasColour)
{
    public string Reset => hasColour ? "\u001b[0m" : "";

    public string Bold(string text) => Wrap("1", text);

    public string Dim(string text) => Wrap("2", text);

    public string Red(string text) => Wrap("31", text);

    public string Green(string text) => Wrap("32", text);

    public string Yellow(string text) => Wrap("33", text);

    public string Blue(string text) => Wrap("34", text);

    private string Wrap(string parameters, string text) => hasColour && text.Length > 0 ? $"\u001b[{parameters}m{text}\u001b[0m" : text;
}
