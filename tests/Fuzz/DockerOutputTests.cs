using System.Globalization;
using System.Text;
using Glovebox.Docker.Containers;
using Glovebox.Sandboxes;
using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>What programs print in a container without the agent, the word of its end among it.</summary>
public sealed class DockerOutputTests
{
    private const string Word = "\u0004abab";

    private static readonly Gen<string> AnyOutput = Gen.OneOf(
        "a", "ab", "\u0004", "\u0004a", "\u0004ab", "\u0004aba", Word, Word + "00", Word + "000", Word + "x", "0", "255", "ä", "\n").Array[0, 12]
        .Select(string.Concat);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task A_trailer_is_found_however_the_output_is_cut() => Fuzzer.RunAsync(
        Gen.Select(AnyOutput, Bytes.Cuts, (text, cuts) => (text, cuts)),
        input =>
        {
            StringSink sink = new();
            ExecTrailer trailer = new(Word, OutputStream.StandardOutput, sink);
            foreach (byte[] piece in Bytes.Pieces(Encoding.UTF8.GetBytes(input.text), input.cuts))
            {
                trailer.Take(piece);
            }

            trailer.Complete();
            int at = First(input.text);
            Assert.Equal(at < 0 ? input.text : input.text[..at], sink.Text);
            Assert.Equal(at < 0 ? null : int.Parse(input.text.AsSpan(at + Word.Length, 3), CultureInfo.InvariantCulture), trailer.ExitCode);
        },
        input => $"{string.Join(',', input.cuts)}: {Convert.ToHexString(Encoding.UTF8.GetBytes(input.text))}",
        TestContext.Current.CancellationToken);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task The_last_words_of_a_program_are_bounded() => Fuzzer.RunAsync(
        Gen.Frequency((10, Gen.Byte.Array[0, 200]), (1, Gen.Int[0, 200_000].Select(n => new byte[n]))).Array[0, 30],
        pieces =>
        {
            BoundedText text = new();
            foreach (byte[] piece in pieces)
            {
                text.Write(OutputStream.StandardError, piece);
            }

            Assert.True(text.ToString().Length <= 8 << 10);
        },
        null,
        TestContext.Current.CancellationToken);

    /// <summary>Where the first word is that an exit code follows.</summary>
    private static int First(string text)
    {
        for (int at = text.IndexOf(Word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Word, at + 1, StringComparison.Ordinal))
        {
            string rest = text[(at + Word.Length)..];
            if (rest.Length >= 3 && rest.Take(3).All(char.IsAsciiDigit))
            {
                return at;
            }
        }

        return -1;
    }

    private sealed class StringSink : IOutputSink
    {
        private readonly List<byte> _bytes = [];

        public string Text => Encoding.UTF8.GetString([.. _bytes]);

        public void Write(OutputStream stream, ReadOnlySpan<byte> data) => _bytes.AddRange(data);
    }
}
