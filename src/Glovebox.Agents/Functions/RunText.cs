using Glovebox.Execution;

namespace Glovebox.Agents.Functions;

/// <summary>The text of a run and of a file for a model, for the tool, too, which has no other way to the core's.</summary>
internal static class RunText
{
    /// <inheritdoc cref="CodeResult.FormatForModel(int)"/>
    public static string Of(CodeResult result, IReadOnlyList<string> notes, int maxLength) => result.FormatForModel(maxLength, notes);

    /// <inheritdoc cref="ModelText.Clean"/>
    public static string Clean(string text) => ModelText.Clean(text);

    /// <inheritdoc cref="ModelText.Bound"/>
    public static string Bound(string text, int maxLength) => ModelText.Bound(text, maxLength);
}
