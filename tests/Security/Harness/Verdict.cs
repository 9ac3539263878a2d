namespace Glovebox.Tests.Security.Harness;

/// <summary>What came of an attack.</summary>
/// <param name="IsRefused">Whether it was refused, for a reason that it names.</param>
/// <param name="HasSucceeded">Whether it has got what it wanted. A program that ends in another way has neither.</param>
/// <param name="Text">What it said.</param>
internal sealed record Verdict(bool IsRefused, bool HasSucceeded, string Text)
{
    /// <summary>The exit code that an attack writes for another program.</summary>
    private const int Forged = 77;

    public static Verdict Of(AttackedAnswer answer)
    {
        string text = (answer.Error ?? answer.Output).Trim();
        string last = text[(text.LastIndexOf('\n') + 1)..];

        // A sandbox that is gone, or one that believes what the guest says in the agent's name, is a success of the guest's.
        bool succeeded = answer.Error is not null || answer.ExitCode == Forged
            || answer.Termination == nameof(TerminationReason.SandboxLost)
            || last.StartsWith("SUCCEEDED", StringComparison.Ordinal);
        bool refused = !succeeded && (answer.Termination == nameof(TerminationReason.OutOfMemory)
            || (answer.ExitCode == 0 && last.StartsWith("refused: ", StringComparison.Ordinal)));
        string shown = text.Length > 2000 ? text[^2000..] : text;
        return new(refused, succeeded, Clean($"{answer.Termination} {answer.ExitCode}: {shown} {answer.Errors}"));
    }

    /// <summary>Without the control characters, which the tests' report does not take.</summary>
    public static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? '?' : c));
}
