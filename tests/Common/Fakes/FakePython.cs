using System.Text.RegularExpressions;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>Python that prints numbers and texts without escapes.</summary>
internal static partial class FakePython
{
    public static Task<int> RunAsync(FakeProcess process)
    {
        foreach (string line in process.Code.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            Match print = Print().Match(line);
            if (print.Success)
            {
                process.Print(print.Groups["number"].Value + print.Groups["text"].Value + "\n");
            }
            else if (!line.StartsWith('#'))
            {
                throw new NotSupportedException($"The fake Python does not know: {line}");
            }
        }

        return Task.FromResult(0);
    }

    [GeneratedRegex(@"^print\(((?<number>[0-9]+)|'(?<text>[^'\\]*)')\)$")]
    private static partial Regex Print();
}
