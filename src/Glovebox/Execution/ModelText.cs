using System.Globalization;
using System.Text;

namespace Glovebox.Execution;

/// <summary>Makes the text that a model reads of a run: without what only a terminal understands, and bounded, because every character
/// costs and an overlong message fails the whole conversation.</summary>
internal static class ModelText
{
    public const int DefaultLength = 16_000;

    /// <summary>Room for what is always said, and some output.</summary>
    public const int LeastLength = 1_000;

    /// <summary>Of the length, the part that names of files may take.</summary>
    private const int FilesPart = 4;

    private const int LongestNote = 150;
    private const int MostNotes = 2;

    /// <summary>Gives a length back that is long enough.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than <see cref="LeastLength"/>.</exception>
    public static int Checked(int length, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, LeastLength, name);
        return length;
    }

    /// <summary>Gives the exit code, the output, notes, and the files that were made.</summary>
    /// <param name="result">The result.</param>
    /// <param name="maxLength">The most characters in all.</param>
    /// <param name="notes">More to say, each short and on a line of its own.</param>
    public static string Of(CodeResult result, int maxLength, IReadOnlyList<string> notes)
    {
        StringBuilder before = new();
        before.Append(CultureInfo.InvariantCulture, $"Exit code: {result.ExitCode}");
        before.Append(Explain(result.Blocks.Count == 0 ? null : result.Blocks[^1])).Append('\n');
        StringBuilder after = new();
        if (result.Blocks.Any(b => b.Truncated))
        {
            after.Append("The output was too long; its middle is missing. Print less, or write it to a file.\n");
        }

        AppendFiles(after, result.OutputFiles, maxLength / FilesPart);
        if (!result.AreOutputFilesComplete)
        {
            after.Append("There may be more files: not all of the directory was looked at.\n");
        }

        AppendNotes(after, notes);
        string output = Clean(result.Output);
        if (output.Length == 0)
        {
            return before.Append("Output: none. Print what you want to see.\n").Append(after).ToString();
        }

        before.Append("Output:\n");
        output = Bound(output, maxLength - before.Length - after.Length - 1);
        return before.Append(output).Append(output.EndsWith('\n') ? "" : "\n").Append(after).ToString();
    }

    /// <summary>Gives text as a terminal shows it in the end: without colours and movements, and of a line that was written again and
    /// again, such as a progress bar, what it said last.</summary>
    public static string Clean(string text)
    {
        text = TerminalSequences.Remove(text);
        if (!text.Contains('\r', StringComparison.Ordinal))
        {
            return text;
        }

        StringBuilder clean = new(text.Length);
        ReadOnlySpan<char> rest = text;
        for (int end; (end = rest.IndexOf('\n')) >= 0; rest = rest[(end + 1)..])
        {
            clean.Append(LastState(rest[..end])).Append('\n');
        }

        return clean.Append(LastState(rest)).ToString();

        static ReadOnlySpan<char> LastState(ReadOnlySpan<char> line)
        {
            line = line.TrimEnd('\r');
            return line[(line.LastIndexOf('\r') + 1)..];
        }
    }

    /// <summary>Keeps the beginning and the end of a text, with a line between them that says how much is left out.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxLength">The most characters, at least as many as the mark takes.</param>
    public static string Bound(string text, int maxLength)
    {
        if (text.Length <= maxLength)
        {
            return text;
        }

        int kept = Math.Max(0, maxLength - Mark(text.Length).Length);
        int head = kept - (kept / 2), tail = text.Length - (kept / 2);

        // Half a character would be an error to those who send the text on.
        head -= head > 0 && char.IsHighSurrogate(text[head - 1]) ? 1 : 0;
        tail += tail < text.Length && char.IsLowSurrogate(text[tail]) ? 1 : 0;
        return string.Concat(text.AsSpan(0, head), Mark(tail - head), text.AsSpan(tail));

        static string Mark(int left) => string.Create(CultureInfo.InvariantCulture, $"\n[... {left} characters left out ...]\n");
    }

    /// <summary>Gives an introduction and a bounded text after it, together no longer than a bound.</summary>
    public static string Begin(string introduction, string text, int maxLength) =>
        introduction + Bound(text, maxLength - introduction.Length);

    private static void AppendFiles(StringBuilder text, IReadOnlyList<WorkspaceFile> files, int maxLength)
    {
        int room = maxLength;
        int named = 0;
        foreach (WorkspaceFile file in files)
        {
            string described = Describe(file);
            if ((room -= described.Length + 2) < 0)
            {
                break;
            }

            text.Append(named++ == 0 ? "Files: " : ", ").Append(described);
        }

        if (files.Count > 0)
        {
            string more = named == files.Count ? ""
                : named == 0 ? $"Files: {files.Count} whose names are too long to list"
                : $" and {files.Count - named} more";
            text.Append(more).Append('\n');
        }
    }

    private static void AppendNotes(StringBuilder text, IReadOnlyList<string> notes)
    {
        foreach (string note in notes.Take(MostNotes))
        {
            text.Append(Bound(note, LongestNote).ReplaceLineEndings(" ")).Append('\n');
        }
    }

    private static string Describe(WorkspaceFile file) => string.Create(
        CultureInfo.InvariantCulture,
        $"{WorkspacePath.Printable(file.Path)} ({file.Size} bytes{(file.HasSetIdBits ? ", set-user-id: do not run it outside" : "")})");

    private static string Explain(BlockResult? last) => last?.Termination switch
    {
        null => "",
        TerminationReason.TimedOut => " (the time ran out; the program was ended)",
        TerminationReason.OutOfMemory => " (out of memory; use less)",
        TerminationReason.Signaled => " (ended by a signal)",
        TerminationReason.SandboxLost => " (the sandbox ended; what ran in the background is gone)",
        TerminationReason.NotStarted => " (the code was not run)",
        TerminationReason.Denied => " (not approved; the code was not run)",
        TerminationReason.Skipped => " (no code; skipped)",
        _ => last.ExitCode == 0 ? "" : " (failed)",
    };
}
