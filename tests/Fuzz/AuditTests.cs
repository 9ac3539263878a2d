using Glovebox.Audit;
using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>Whatever is done to an audit file, it is found.</summary>
public sealed class AuditTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private static readonly byte[][] Plain = Lines([]);

    private static readonly byte[][] Keyed = Lines(Key);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task A_file_that_is_not_as_it_was_written_is_broken() => Fuzzer.RunAsync(
        Gen.Select(Gen.Bool, Bytes.AnyChange.Array[1, 4], (isKeyed, changes) => (isKeyed, changes)),
        input =>
        {
            byte[][] lines = input.isKeyed ? Keyed : Plain;
            byte[] whole = [.. lines.SelectMany(l => l)];
            byte[] changed = Bytes.Apply(whole, input.changes);

            // What is missing at the end, a chain does not show.
            bool isCut = Enumerable.Range(1, lines.Length).Any(n => changed.AsSpan().SequenceEqual(lines[..n].SelectMany(l => l).ToArray()));
            AuditChainCheck check = new(input.isKeyed ? Key : default(ReadOnlyMemory<byte>), null);
            try
            {
                check.FileAsync("audit.jsonl", new MemoryStream(changed), isLast: true, CancellationToken.None).GetAwaiter().GetResult();
            }
            catch (AuditException) when (!input.isKeyed)
            {
                // A plain line became one with a key, which cannot be checked: that is said.
                Assert.False(isCut);
                return;
            }

            Assert.Equal(isCut, check.Report(["audit.jsonl"]).IsIntact);
        },
        input => $"keyed {input.isKeyed}, {string.Join(", ", input.changes.Select(c => c.ToString()))}",
        TestContext.Current.CancellationToken);

    private static byte[][] Lines(byte[] key)
    {
        string previous = AuditLine.NoPrevious;
        return
        [
            .. Enumerable.Range(1, 6).Select(i => AuditLine.Make(
                i, previous, System.Text.Encoding.UTF8.GetBytes($"{{\"type\":\"x\",\"exitCode\":{i}}}"), key, out previous)),
        ];
    }
}
