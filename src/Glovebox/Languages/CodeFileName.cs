using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Glovebox.Languages;

/// <summary>The name under which a block's code is saved.</summary>
/// <param name="Path">Relative to the work directory.</param>
/// <param name="IsTemporary">Whether Glovebox chose it, and so may delete it.</param>
internal readonly record struct CodeFileName(string Path, bool IsTemporary)
{
    private const string Key = "filename:";
    private const string Quotes = "\"'`";
    private const string Prefix = "tmp_code_";
    private const int HashBytes = 16;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Takes the name of a first comment line <c># filename: name</c>, which a shebang may precede, else makes a temporary one of
    /// the code.</summary>
    /// <param name="code">The block's code.</param>
    /// <param name="language">Its language.</param>
    /// <param name="owner">Sets the executor apart: two that share a work directory never share a temporary file, so that neither
    /// deletes what the other is running.</param>
    /// <param name="workDirectory">Where the sandbox has the work directory: the name may be absolute below it. Null: unknown.</param>
    /// <exception cref="WorkspaceException">The name leads outside the work directory.</exception>
    public static CodeFileName Choose(string code, CodeLanguage language, Guid owner, string? workDirectory) =>
        FromFirstLine(code, language.LineComments) is { } named
            ? new(Checked(WorkspacePath.Normalize(Relative(named, workDirectory))), IsTemporary: false)
            : new(Temporary(code, language.Extension, owner), IsTemporary: true);

    /// <summary>Whether a file of the work directory is one that <see cref="Choose"/> named, for whichever executor.</summary>
    public static bool IsTemporaryName(string path) =>
        path.StartsWith(Prefix, StringComparison.Ordinal)
        && path.IndexOf('.') == Prefix.Length + (2 * HashBytes)
        && path.AsSpan(Prefix.Length, 2 * HashBytes).IndexOfAnyExcept(LowerHex) < 0
        && !path.Contains('/');

    /// <summary>The program is told the name as the code has it: one that a listing writes otherwise would be another file.</summary>
    private static string Checked(string path) => EscapedPath.FromText(path) == path
        ? path
        : throw new WorkspaceException($"'{WorkspacePath.Printable(path)}' cannot be a code file's name: it holds an escape.");

    private static string? FromFirstLine(string code, IReadOnlyList<string> lineComments)
    {
        // .NET does not count a byte-order mark as white space.
        ReadOnlySpan<char> all = code.AsSpan().TrimStart('\uFEFF');
        bool mayBeShebang = all.StartsWith("#!");
        foreach (ReadOnlySpan<char> raw in all.EnumerateLines())
        {
            ReadOnlySpan<char> line = raw.Trim();
            if (line.IsEmpty || mayBeShebang)
            {
                mayBeShebang = false;
                continue;
            }

            foreach (string comment in lineComments)
            {
                if (line.StartsWith(comment, StringComparison.Ordinal))
                {
                    ReadOnlySpan<char> text = line[comment.Length..].TrimStart();
                    if (text.StartsWith(Key, StringComparison.OrdinalIgnoreCase))
                    {
                        return Unquoted(text[Key.Length..].Trim()).ToString();
                    }
                }
            }

            return null;
        }

        return null;
    }

    private static ReadOnlySpan<char> Unquoted(ReadOnlySpan<char> name) =>
        name.Length > 1 && name[0] == name[^1] && Quotes.Contains(name[0], StringComparison.Ordinal) ? name[1..^1] : name;

    private static string Relative(string name, string? workDirectory) =>
        workDirectory?.TrimEnd('/') + "/" is { Length: > 1 } folder && name.StartsWith(folder, StringComparison.Ordinal)
            ? name[folder.Length..].TrimStart('/')
            : name;

    private static string Temporary(string code, string extension, Guid owner)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(owner.ToByteArray());
        hash.AppendData(Encoding.UTF8.GetBytes(code));
        return $"{Prefix}{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, HashBytes))}{extension}";
    }
}
