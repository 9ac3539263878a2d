using System.Globalization;
using Glovebox.Execution;

namespace Glovebox.Agents.Agent;

/// <summary>The agent's words, which prompts and tests of its users rely on.</summary>
internal static class AgentTexts
{
    private const int LongestNote = 150;

    public const string NoCodeBlocks =
        "No code blocks found in the thread. Please provide at least one markdown-encoded code block to execute "
        + "(i.e., quoting code in ```python or ```sh code blocks).";

    public const string RunnerDescription =
        "A terminal that does nothing but run the scripts it is given, quoted in fenced code blocks that name their language, "
        + "and reply with their output.";

    public const string WriterDescription =
        "An agent that writes scripts for what it is asked, runs them, mends them when they fail, and replies with what came out.";

    public static string Instructions(IEnumerable<string> languages) =>
        "You solve tasks by writing code, which is run for you; you are then shown its output.\n"
        + $"Put each script in a fenced code block that names its language, one of: {string.Join(", ", languages)}. "
        + "Blocks run in order, in one directory, and stop at the first that fails.\n"
        + "Print what you want to see. When no code is needed, or you have seen the output that you need, "
        + "answer in plain words without a code block.";

    public static string Correction(int attempt, string reason) =>
        $"Attempt number: {Number(attempt)}\nProposed correction: {reason}";

    public static string Denied(string? reason) => $"Code execution was not approved. Reason: {reason}";

    /// <summary>Gives what the reply says of a run.</summary>
    /// <param name="result">The result of the run.</param>
    /// <param name="notes">What else is to be said.</param>
    /// <param name="maxLength">The most characters.</param>
    public static string Output(CodeResult result, IReadOnlyList<string> notes, int maxLength)
    {
        string more = notes.Count == 0 ? "" : "\n" + string.Join('\n', notes.Select(n => ModelText.Bound(n, LongestNote)));
        string said = Said(result, ModelText.Clean(result.Output), maxLength - more.Length);
        return more.Length == 0 ? said : said.TrimEnd('\n') + more;
    }

    private static string Said(CodeResult result, string output, int maxLength) => result switch
    {
        { Blocks: [.., { Termination: TerminationReason.Denied }] } => ModelText.Bound(output.TrimEnd('\n'), maxLength),
        _ when string.IsNullOrWhiteSpace(output) =>
            $"The script ran but produced no output to console. The POSIX exit code was: {Number(result.ExitCode)}. "
            + "If you were expecting output, consider revising the script to ensure content is printed to stdout.",
        { ExitCode: not 0 } =>
            ModelText.Begin(
                $"The script ran, then exited with an error (POSIX exit code: {Number(result.ExitCode)})\nIts output was:\n",
                output,
                maxLength),
        _ => ModelText.Bound(output, maxLength),
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
