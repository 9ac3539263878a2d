namespace Glovebox.Security.Tests;

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
        string text = answer.Error ?? answer.Output.Trim();
        string last = text[(text.LastIndexOf('\n') + 1)..];

        // A sandbox that is gone, or one that believes what the guest says in the agent's name, is a success of the guest's.
        bool succeeded = answer.Error is not null || answer.ExitCode == Forged || last.StartsWith("SUCCEEDED", StringComparison.Ordinal);
        bool refused = !succeeded && (answer.Termination == nameof(TerminationReason.OutOfMemory)
            || (answer.ExitCode == 0 && last.StartsWith("refused: ", StringComparison.Ordinal)));
        return new(refused, succeeded, $"{answer.Termination} {answer.ExitCode}: {(text.Length > 2000 ? text[^2000..] : text)}");
    }
}
