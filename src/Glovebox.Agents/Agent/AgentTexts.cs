using System.Globalization;

namespace Glovebox.Agents.Agent;

/// <summary>The agent's words, which prompts and tests of its users rely on.</summary>
internal static class AgentTexts
{
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
    public static string Output(CodeResult result) => result switch
    {
        { Blocks: [.., { Termination: TerminationReason.Denied }] } => result.Output.TrimEnd('\n'),
        _ when string.IsNullOrWhiteSpace(result.Output) =>
            $"The script ran but produced no output to console. The POSIX exit code was: {Number(result.ExitCode)}. "
            + "If you were expecting output, consider revising the script to ensure content is printed to stdout.",
        { ExitCode: not 0 } =>
            $"The script ran, then exited with an error (POSIX exit code: {Number(result.ExitCode)})\nIts output was:\n{result.Output}",
        _ => result.Output,
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
