using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>The few commands of a shell that the contract's cases are written in, one after another. What it does not know is an error, so
/// that a case cannot pass by accident.</summary>
internal static partial class FakeShell
{
    public static async Task<int> RunAsync(FakeProcess process)
    {
        int exitCode = 0;
        bool skips = false;
        List<string> words = [];
        string code = Wait().Replace(process.Code, "await-file ${path}") + "\n";
        foreach (Match token in Token().Matches(code))
        {
            if (token.Groups["end"] is not { Success: true } end)
            {
                string text = token.Groups["quoted"] is { Success: true } quoted ? quoted.Value : token.Value;
                words.Add(text == "$0" ? process.CodePath : text);
                continue;
            }

            if (words is ["exit", ..])
            {
                return words.Count > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : exitCode;
            }

            if (words.Count > 0 && !skips)
            {
                exitCode = await CommandAsync(process, words);
            }

            skips = end.Value == "&&" && exitCode != 0;
            words = [];
        }

        return exitCode;
    }

    private static async Task<int> CommandAsync(FakeProcess process, List<string> words)
    {
        Action<byte[]> print = bytes => process.Print(OutputStream.StandardOutput, bytes);
        if (words is [.. var command, ">&2"])
        {
            words = command;
            print = bytes => process.Print(OutputStream.StandardError, bytes);
        }
        else if (words is [.. var printing, ">" or ">>", var target])
        {
            byte[] before = words[^2] == ">>" ? process.Files.Find(target) ?? [] : [];
            words = printing;
            print = bytes => process.Files.Put(target, [.. before, .. bytes]);
        }

        switch (words)
        {
            case [":"] or ["true"]:
                return 0;
            case ["echo", .. var rest]:
                print(Encoding.UTF8.GetBytes(string.Join(' ', rest) + "\n"));
                return 0;
            case ["printf", var format]:
                print(Unescaped(format));
                return 0;
            case ["seq", var from, var to]:
                int first = int.Parse(from, CultureInfo.InvariantCulture);
                int count = int.Parse(to, CultureInfo.InvariantCulture) - first + 1;
                print(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(first, count).Select(i => $"{i}\n"))));
                return 0;
            case ["cat", var path]:
                print(process.Files.Find(path) ?? throw new NotSupportedException($"The fake cat finds no {path}."));
                return 0;
            case ["touch", var path]:
                process.Files.Put(path, process.Files.Find(path) ?? []);
                return 0;
            case ["rm", var path]:
                return process.Files.Remove(path) ? 0 : 1;
            case ["mkdir", var path]:
                if (process.Files.Find(path) is not null)
                {
                    return 1;
                }

                process.Files.Put(path, []);
                return 0;
            case ["rmdir", var path]:
                return process.Files.Remove(path) ? 0 : 1;
            case ["exec", "sleep", _]:
                return await process.SleepAsync();
            case ["await-file", var path]:
                await process.Files.AppearsAsync(path, process.Killed);
                return 0;
            default:
                throw new NotSupportedException($"The fake shell does not know: {string.Join(' ', words)}");
        }
    }

    /// <summary>The bytes that <c>printf</c> makes of a text: <c>\n</c>, and octal numbers.</summary>
    private static byte[] Unescaped(string format)
    {
        List<byte> bytes = [];
        foreach (Match part in Escape().Matches(format))
        {
            bytes.AddRange(part.Groups["octal"] is { Success: true } octal ? [Convert.ToByte(octal.Value, 8)]
                : part.Value == "\\n" ? [(byte)'\n']
                : Encoding.UTF8.GetBytes(part.Value));
        }

        return [.. bytes];
    }

    [GeneratedRegex(@"until \[ -e (?<path>\S+) \]; do sleep [0-9.]+; done")]
    private static partial Regex Wait();

    [GeneratedRegex("""'(?<quoted>[^']*)'|"(?<quoted>[^"]*)"|(?<end>&&|;|\r?\n|#[^\n]*\n)|>>|>&2|>|[^\s;&>'"]+""")]
    private static partial Regex Token();

    [GeneratedRegex(@"\\(?<octal>[0-7]{1,3})|\\n|[^\\]+")]
    private static partial Regex Escape();
}
