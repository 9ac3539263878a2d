using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Glovebox;

/// <summary>Paths of files as text, though names on Linux are bytes that need not be UTF-8.</summary>
/// <remarks>
/// A byte that is not part of UTF-8 is written <c>\xE9</c>, with two upper-case digits. So that no two names look the same, the backslash
/// of a name that holds such letters itself is written <c>\x5C</c>; all other backslashes stay. Nothing else is an escape: no escape stands
/// for a NUL, a slash or a dot, so a path that was checked as text leads nowhere else as bytes.
/// </remarks>
internal static class EscapedPath
{
    private const string Mark = "\\x";
    private const int EscapeLength = 4;
    private const byte Backslash = (byte)'\\';

    /// <summary>Writes a path as text.</summary>
    public static string FromBytes(ReadOnlySpan<byte> path)
    {
        if (Utf8.IsValid(path) && path.IndexOf("\\x"u8) < 0)
        {
            return Encoding.UTF8.GetString(path);
        }

        StringBuilder text = new(path.Length + 16);
        while (!path.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(path, out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
            {
                foreach (byte b in path[..length])
                {
                    Escape(text, b);
                }
            }
            else if (path[0] == Backslash && path.Length >= EscapeLength && IsEscape(Encoding.Latin1.GetString(path[..EscapeLength])))
            {
                Escape(text, Backslash);
            }
            else
            {
                text.Append(rune);
            }

            path = path[length..];
        }

        return text.ToString();
    }

    /// <summary>Gives the bytes that a path as text stands for.</summary>
    public static byte[] ToBytes(string path)
    {
        int at = path.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0)
        {
            return Encoding.UTF8.GetBytes(path);
        }

        using MemoryStream bytes = new(path.Length + 16);
        ReadOnlySpan<char> rest = path;
        for (; at >= 0; at = rest.IndexOf(Mark, StringComparison.Ordinal))
        {
            bool isEscape = rest.Length >= at + EscapeLength && IsEscape(rest.Slice(at, EscapeLength));
            int literal = isEscape ? at : at + Mark.Length;
            bytes.Write(Encoding.UTF8.GetBytes(rest[..literal].ToArray()));
            if (isEscape)
            {
                bytes.WriteByte(byte.Parse(rest.Slice(at + Mark.Length, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            }

            rest = rest[(isEscape ? at + EscapeLength : literal)..];
        }

        bytes.Write(Encoding.UTF8.GetBytes(rest.ToArray()));
        return bytes.ToArray();
    }

    /// <summary>Writes a path of whole characters, such as a server's answer, as a listing has it.</summary>
    public static string FromText(string path) =>
        path.Contains(Mark, StringComparison.Ordinal) ? FromBytes(Encoding.UTF8.GetBytes(path)) : path;

    /// <summary>Gives a path as characters, for what takes no bytes.</summary>
    /// <exception cref="WorkspaceException">It is not UTF-8.</exception>
    public static string ToText(string path)
    {
        byte[] bytes = ToBytes(path);
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw new WorkspaceException(
                $"'{WorkspacePath.Printable(path)}' cannot be used here: its name is not UTF-8.", "Let code in the sandbox rename it.");
    }

    /// <summary>Whether four characters are an escape.</summary>
    private static bool IsEscape(ReadOnlySpan<char> text) => text is ['\\', 'x', '5', 'C']
        || (text is ['\\', 'x', (>= '8' and <= '9') or (>= 'A' and <= 'F'), var last] && char.IsAsciiHexDigitUpper(last));

    private static void Escape(StringBuilder text, byte value) => text.Append(CultureInfo.InvariantCulture, $"{Mark}{value:X2}");
}
