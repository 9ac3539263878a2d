using System.Buffers;
using System.Globalization;
using System.Text;

namespace Glovebox;

/// <summary>Checks and tidies paths inside a work directory. What this lets through still has to be opened without following
/// links.</summary>
internal static class WorkspacePath
{
    private const int MaxPathBytes = 4095;
    private const int MaxNameBytes = 255;

    /// <summary>Gives the path as names joined by <c>/</c>, without <c>.</c> and <c>..</c>.</summary>
    /// <exception cref="WorkspaceException">The path does not name something inside the work directory.</exception>
    public static string Normalize(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Contains('\0') || path.StartsWith('/') || (OperatingSystem.IsWindows() && Path.IsPathRooted(path)))
        {
            throw Refused(path);
        }

        List<string> names = [];
        foreach (string name in path.Split('/'))
        {
            switch (name)
            {
                case "" or ".":
                    break;
                case "..":
                    if (names.Count == 0)
                    {
                        throw Refused(path);
                    }

                    names.RemoveAt(names.Count - 1);
                    break;
                default:
                    names.Add(name);
                    break;
            }
        }

        if (names.Count == 0 || path.EndsWith('/'))
        {
            throw Refused(path);
        }

        if (EscapedPath.ToBytes(path).Length > MaxPathBytes || names.Any(n => EscapedPath.ToBytes(n).Length > MaxNameBytes))
        {
            throw new WorkspaceException("The file name is too long.", $"A name has at most {MaxNameBytes} bytes, a path {MaxPathBytes}.");
        }

        return string.Join('/', names);
    }

    /// <summary>Whether a path is one that a listing may give: names joined by <c>/</c> that lead nowhere outside.</summary>
    public static bool IsListed(ReadOnlySpan<char> path)
    {
        foreach (Range name in path.Split('/'))
        {
            if (path[name] is "" or "." or "..")
            {
                return false;
            }
        }

        return !path.Contains('\0');
    }

    public static WorkspaceException Refused(string path) =>
        new($"'{Printable(path)}' is not in the work directory.", "Use a path relative to the work directory that passes through no link.")
        {
            IsPathRefused = true,
        };

    public static WorkspaceException NotFound(string path) =>
        new($"There is no regular file '{Printable(path)}' in the work directory.") { IsNotFound = true };

    /// <summary>A name in a text for people, models, logs or terminals. Guest code may have chosen it, so it must not forge a line, drive a
    /// terminal or look like another: control characters, line and paragraph separators, marks of direction and others without a shape, and
    /// halves of surrogate pairs are written as escapes, <c>\n</c> or <c>\u202E</c>. For the eye: it cannot be read back.</summary>
    public static string Printable(string text)
    {
        int first = FirstHidden(text);
        if (first < 0)
        {
            return text;
        }

        StringBuilder shown = new(text.Length + 16);
        shown.Append(text, 0, first);
        ReadOnlySpan<char> rest = text.AsSpan(first);
        while (!rest.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf16(rest, out Rune rune, out int length);
            if (status == OperationStatus.Done && !IsHidden(rune))
            {
                shown.Append(rest[..length]);
            }
            else
            {
                foreach (char c in rest[..length])
                {
                    shown.Append(c switch
                    {
                        '\n' => "\\n",
                        '\r' => "\\r",
                        '\t' => "\\t",
                        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                    });
                }
            }

            rest = rest[length..];
        }

        return shown.ToString();
    }

    private static int FirstHidden(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int length) != OperationStatus.Done || IsHidden(rune))
            {
                return i;
            }

            i += length;
        }

        return -1;
    }

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
