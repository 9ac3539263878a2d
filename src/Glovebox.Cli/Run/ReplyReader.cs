using System.Text;
using Glovebox.Cli.Output;

namespace Glovebox.Cli.Run;

/// <summary>Reads a reply or a script and takes its code blocks out.</summary>
internal static class ReplyReader
{
    /// <summary>The name that stands for standard input.</summary>
    public const string StandardInput = "-";

    private const int LongestReply = 16 << 20;

    private static readonly string[] MarkdownExtensions = ["", ".md", ".markdown", ".txt"];

    private static readonly Dictionary<string, string> LanguagesByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".py"] = CodeLanguage.Python.Name,
        [".sh"] = CodeLanguage.Sh.Name,
        [".bash"] = CodeLanguage.Bash.Name,
        [".ps1"] = CodeLanguage.PowerShell.Name,
        [".js"] = CodeLanguage.JavaScript.Name,
        [".cs"] = CodeLanguage.CSharp.Name,
    };

    /// <summary>Gives the code blocks of a file: at least one.</summary>
    /// <param name="file">A path, or <see cref="StandardInput"/>.</param>
    /// <param name="language">The language of the whole file; null: by its extension, or it is Markdown.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CliException">It cannot be read, is no text, has no code blocks, or its extension is unknown.</exception>
    public static async Task<IReadOnlyList<CodeBlock>> ReadAsync(string file, string? language, CancellationToken cancellationToken)
    {
        language ??= file == StandardInput ? null : LanguageOf(file);
        string text = Decode(await ReadBytesAsync(file, LongestReply, cancellationToken).ConfigureAwait(false), file);
        if (language is not null)
        {
            return [new CodeBlock(language, text)];
        }

        IReadOnlyList<CodeBlock> blocks = MarkdownCodeBlocks.Extract(text);
        LanguageRegistry languages = new([], LanguageRegistry.DataFormats);
        if (blocks.Count > 0 && blocks.All(b => languages.IsSkipped(b.Language)))
        {
            throw CliException.CouldNotRun(
                "no-code-blocks",
                $"There is no code to run in {Name(file)}: {string.Join(", ", blocks.Select(b => b.Language).Distinct())} is data or text.",
                "A block of code names its language, as in ```python.");
        }

        return blocks.Count > 0 ? blocks : throw CliException.CouldNotRun(
            "no-code-blocks",
            $"There is no code block in {Name(file)}.",
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

    /// <summary>Reads a file, or standard input, whole.</summary>
    /// <exception cref="CliException">It cannot be read, or is longer.</exception>
    public static async Task<byte[]> ReadBytesAsync(string file, int longest, CancellationToken cancellationToken)
    {
        try
        {
            Stream stream = file == StandardInput ? Console.OpenStandardInput() : File.OpenRead(file);
            await using (stream.ConfigureAwait(false))
            {
                using MemoryStream content = new();
                byte[] buffer = new byte[64 << 10];
                int read;
                while ((read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    content.Write(buffer, 0, read);
                    if (content.Length > longest)
                    {
                        throw Unreadable(file, $"it is longer than {ByteSize.Format(longest)}");
                    }
                }

                return content.ToArray();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file, e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file"
                : Directory.Exists(file) ? "it is a directory"
                : e is UnauthorizedAccessException ? "permission denied"
                : e.Message);
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
            throw Unreadable(file, "it is not UTF-8 text", "Convert it first, for example with iconv.");
        }
    }

    private static CliException Unreadable(string file, string reason, string? hint = null) =>
        CliException.CouldNotRun("unreadable-reply", $"Cannot read {Name(file)}: {reason.TrimEnd('.')}.", hint);

    private static string Name(string file) => file == StandardInput ? "standard input" : $"'{TerminalText.Line(file)}'";
}
