using System.Text.RegularExpressions;

namespace Glovebox.Languages;

/// <summary>Makes <c>pip install</c> lines of shell scripts quiet, so that progress bars do not fill a model's context.</summary>
/// <remarks>The rule is AutoGen's: a line that begins with the command gets <c>-qqq</c> unless it has it already.</remarks>
internal static partial class PipQuieting
{
    public static string Apply(string code) =>
        code.Contains("pip install", StringComparison.Ordinal) ? InstallLine().Replace(code, "$0 -qqq") : code;

    [GeneratedRegex(@"^(?:! ?)?pip install\b(?![^\n]*-qqq)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex InstallLine();
}
