using System.Buffers;

namespace Glovebox.Markdown;

/// <summary>What the text after an opening fence says of the code.</summary>
/// <param name="Language">In lower case; empty where it names no language.</param>
/// <param name="FileName">The file of <c>python:app.py</c>, or null.</param>
internal readonly record struct FenceInfo(string Language, string? FileName)
{
    private static readonly SearchValues<char> AfterLanguage = SearchValues.Create(" \t{,=;:");
    private static readonly SearchValues<char> AfterFileName = SearchValues.Create(" \t{,;");

    /// <summary>Reads <c>python title="x"</c>, <c>python:app.py</c>, <c>{python}</c>, <c>{#id .python}</c>, <c>{.python .numberLines}</c>.
    /// </summary>
    public static FenceInfo Read(string info)
    {
        if (info.StartsWith('{'))
        {
            return new(InBraces(info), null);
        }

        int end = info.AsSpan().IndexOfAny(AfterLanguage) is >= 0 and var found ? found : info.Length;
        string? file = null;
        if (end < info.Length && info[end] == ':')
        {
            ReadOnlySpan<char> rest = info.AsSpan(end + 1);
            file = rest[..(rest.IndexOfAny(AfterFileName) is >= 0 and var length ? length : rest.Length)].ToString();
        }

        return new(info[..end].ToLowerInvariant(), IsFileName(file) ? file : null);
    }

    /// <summary>Of several classes, the first that is a language.</summary>
    private static string InBraces(string info)
    {
        string inside = info.TrimStart('{');
        inside = inside[..(inside.IndexOf('}', StringComparison.Ordinal) is >= 0 and var end ? end : inside.Length)];
        string[] names =
        [
            .. inside.Split([' ', '\t', ',', ';'], StringSplitOptions.RemoveEmptyEntries)
                .Where(word => word[0] != '#' && !word.Contains('=', StringComparison.Ordinal))
                .Select(word => word.TrimStart('.').ToLowerInvariant()),
        ];
        return names.FirstOrDefault(name => LanguageRegistry.Default.Find(name) is not null) ?? names.FirstOrDefault("");
    }

    /// <summary>Whether it has an extension that begins with a letter: <c>python:3.12</c> is a version.</summary>
    private static bool IsFileName(string? text) =>
        Path.GetExtension(text) is { Length: > 1 } extension && char.IsAsciiLetter(extension[1]);
}
