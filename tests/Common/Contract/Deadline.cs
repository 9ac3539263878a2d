using System.Diagnostics;

namespace Glovebox.Tests.Common.Contract;

/// <summary>The deadline of a block, moved by the test's clock.</summary>
internal static class Deadline
{
    /// <summary>The time-out that set-ups have by default.</summary>
    public static TimeSpan Limit { get; } = new ExecutorSetup().Timeout;

    /// <summary>What an executor may take between the deadline and the result, on a machine that has much else to do.</summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromSeconds(5);

    public static string Notice(double seconds) => FormattableString.Invariant($"Timed out after {seconds} s; the program was ended.\n");

    /// <summary>Moves the clock past the deadline and waits for the result.</summary>
    public static async Task<BlockResult> TimeOutAsync(Session session, Running running)
    {
        long started = Stopwatch.GetTimestamp();
        session.Clock.Advance(Limit);
        CodeResult result = await running.Completion;
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Grace);
        BlockResult block = result.Blocks[^1];
        Assert.Equal((124, true, TerminationReason.TimedOut), (block.ExitCode, block.TimedOut, block.Termination));
        Assert.EndsWith(Notice(60), block.Output, StringComparison.Ordinal);
        return block;
    }
}
