using System.Diagnostics;

namespace Glovebox.Tests.Common;

/// <summary>Waits for what no event tells.</summary>
public static class Eventually
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    /// <summary>The moment that the kernel takes to bury the killed: more of it on a busy machine.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);

    /// <summary>Fails unless the killed are gone now, or in the moment that the kernel takes to bury them.</summary>
    public static Task AreBuriedAsync(Func<bool> condition, string what) => HoldsAsync(condition, what, Moment);

    /// <summary>Looks again and again until something holds; fails when it does not in time.</summary>
    public static Task HoldsAsync(Func<bool> condition, string what, TimeSpan? within = null) =>
        HoldsAsync(() => Task.FromResult(condition()), what, within);

    /// <inheritdoc cref="HoldsAsync(Func{bool}, string, TimeSpan?)"/>
    public static async Task HoldsAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < (within ?? Long), $"In vain: {what}.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
