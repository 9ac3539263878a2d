using System.Globalization;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Runs a property on generated input: a number of times at least, then until its time is over.</summary>
/// <remarks>A failure prints the seed of its input. <c>eng/fuzz SECONDS SEED</c> begins with that input.</remarks>
internal static class Fuzzer
{
    /// <summary>How often a property is tried, however busy the machine is.</summary>
    private const int Floor = 200;

    private const int MaxShown = 2048;

    /// <summary>How long each property runs. Two run at once.</summary>
    private static readonly int Seconds = int.Parse(Environment.GetEnvironmentVariable("GLOVEBOX_FUZZ_SECONDS") ?? "3", CultureInfo.InvariantCulture);

    private static readonly string? Seed = Environment.GetEnvironmentVariable("GLOVEBOX_FUZZ_SEED") is { Length: > 0 } seed ? seed : null;

    /// <summary>Tries a property on input of a generator.</summary>
    /// <param name="input">Makes input.</param>
    /// <param name="property">Throws when it does not hold.</param>
    /// <param name="print">Shows input that made it fail.</param>
    /// <param name="cancellationToken">The test's.</param>
    public static Task RunAsync<T>(Gen<T> input, Action<T> property, Func<T, string>? print, CancellationToken cancellationToken) =>
        // A thread of the pool: code that waits goes on where its bytes are fed, and not where the test platform would have it.
        Task.Run(
            () =>
            {
                Action<string> log = TestContext.Current.TestOutputHelper is { } helper ? helper.WriteLine : Console.WriteLine;
                string Show(T value) => print is null ? Check.Print(value) : Cut(print(value));
                input.Sample(property, log, Seed, Floor, threads: 1, print: Show);
                input.Sample(property, log, time: Seconds, threads: 1, print: Show);
            },
            cancellationToken);

    private static string Cut(string text) => text.Length <= MaxShown ? text : text[..MaxShown] + "…";
}
