using System.Security.Cryptography;
using System.Text;

namespace Glovebox.Languages;

/// <summary>The name under which a block's code is saved.</summary>
/// <param name="Path">Relative to the work directory.</param>
/// <param name="IsTemporary">Whether Glovebox chose it, and so may delete it.</param>
internal readonly record struct CodeFileName(string Path, bool IsTemporary)
{
    private const string Key = "filename:";

    /// <summary>Takes the name of a first comment line <c># filename: name</c>, else makes a temporary one of the code.</summary>
    /// <param name="code">The block's code.</param>
    /// <param name="language">Its language.</param>
    /// <param name="owner">Sets the executor apart: two that share a work directory never share a temporary file, so that neither
    /// deletes what the other is running.</param>
    /// <exception cref="WorkspaceException">The name leads outside the work directory.</exception>
    public static CodeFileName Choose(string code, CodeLanguage language, Guid owner) =>
        FromFirstLine(code, language.LineComments) is { } named
            ? new(WorkspacePath.Normalize(named), IsTemporary: false)
            : new(Temporary(code, language.Extension, owner), IsTemporary: true);

    private static string? FromFirstLine(string code, IReadOnlyList<string> lineComments)
    {
        // .NET does not count a byte-order mark as white space.
        foreach (ReadOnlySpan<char> raw in code.AsSpan().TrimStart('\uFEFF').EnumerateLines())
        {
            ReadOnlySpan<char> line = raw.Trim();
            if (line.IsEmpty)
            {
                continue;
            }

            foreach (string comment in lineComments)
            {
                if (line.StartsWith(comment, StringComparison.Ordinal))
                {
                    ReadOnlySpan<char> text = line[comment.Length..].TrimStart();
                    if (text.StartsWith(Key, StringComparison.OrdinalIgnoreCase))
                    {
                        return text[Key.Length..].Trim().ToString();
                    }
                }
            }

            return null;
        }

        return null;
    }

    private static string Temporary(string code, string extension, Guid owner)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(owner.ToByteArray());
        hash.AppendData(Encoding.UTF8.GetBytes(code));
        return $"tmp_code_{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16))}{extension}";
    }
}
