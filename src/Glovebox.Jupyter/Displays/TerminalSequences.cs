using System.Text.RegularExpressions;

namespace Glovebox.Jupyter.Displays;

/// <summary>Takes the control sequences of terminals out of text: colours, above all.</summary>
internal static partial class TerminalSequences
{
    public static string Remove(string text) => text.Contains('\x1b') ? Sequence().Replace(text, "") : text;

    /// <summary>ECMA-48: control sequences, operating system commands, and short escapes.</summary>
    [GeneratedRegex(@"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\^-~])", RegexOptions.CultureInvariant)]
    private static partial Regex Sequence();
}
