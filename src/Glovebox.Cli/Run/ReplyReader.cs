using System.Text;

namespace Glovebox.Cli.Run;

/// <summary>Reads the reply or script and takes its code blocks out.</summary>
internal static class ReplyReader
{
    private const int LongestReply = 16 << 20;

    private static readonly Dictionary<string, string> LanguagesByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".py"] = "python",
        [".sh"] = "sh",
        [".bash"] = "bash",
        [".ps1"] = "pwsh",
        [".js"] = "javascript",
        [".mjs"] = "javascript",
        [".cs"] = "csharp",
    };

    private static readonly string[] MarkdownExtensions = [".md", ".markdown", ".txt", ""];

    public static async Task<IReadOnlyList<CodeBlock>> ReadAsync(RunRequest request, CancellationToken cancellationToken)
    {
        bool fromInput = request.File is null or "-";
        string? language = request.Language ?? (fromInput ? null : LanguageOf(request.File!));
        string text = Decode(await ReadBytesAsync(fromInput ? null : request.File, cancellationToken).ConfigureAwait(false), request.File ?? "-");
        if (language is not null)
        {
            return [new CodeBlock(language, text)];
        }

        IReadOnlyList<CodeBlock> blocks;
        try
        {
            blocks = MarkdownCodeBlocks.Extract(text);
        }
        catch (FormatException e)
        {
            throw CliException.CouldNotRun("unreadable-reply", e.Message);
        }

        return blocks.Count > 0 ? blocks : throw CliException.CouldNotRun(
            "no-code-blocks",
            $"There is no code block in {Name(request.File ?? "-")}.",
            "A block is fenced by ``` and names its language, as in ```python. To run a script, name its language: --language python.");
    }

    private static string? LanguageOf(string file)
    {
        string extension = Path.GetExtension(file);
        return MarkdownExtensions.Contains(extension, StringComparer.OrdinalIgnoreCase) ? null
            : LanguagesByExtension.GetValueOrDefault(extension) ?? throw CliException.Usage(
                $"The extension of {Name(file)} names no language.",
                $"Name it with --language, or use one of .md, {string.Join(", ", LanguagesByExtension.Keys)}.");
    }

    private static async Task<byte[]> ReadBytesAsync(string? file, CancellationToken cancellationToken)
    {
        try
        {
            Stream stream = file is null ? Console.OpenStandardInput() : File.OpenRead(file);
            await using (stream.ConfigureAwait(false))
            {
                using MemoryStream content = new();
                byte[] buffer = new byte[64 << 10];
                int read;
                while ((read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    content.Write(buffer, 0, read);
                    if (content.Length > LongestReply)
                    {
                        throw CliException.CouldNotRun("unreadable-reply", $"{Name(file ?? "-")} is longer than {ByteSize.Format(LongestReply)}.");
                    }
                }

                return content.ToArray();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string reason = e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file"
                : Directory.Exists(file) ? "it is a directory"
                : e is UnauthorizedAccessException ? "permission denied"
                : e.Message;
            throw CliException.CouldNotRun("unreadable-reply", $"{Name(file ?? "-")} cannot be read: {reason}.");
        }
    }

    private static string Decode(byte[] bytes, string file)
    {
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw CliException.CouldNotRun("unreadable-reply", $"{Name(file)} is not UTF-8 text.", "Convert it first, for example with iconv.");
        }
    }

    private static string Name(string file) => file == "-" ? "the standard input" : $"'{Output.TerminalText.Line(file)}'";
}
