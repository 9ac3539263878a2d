using System.Text.Json;
using Glovebox.Functions.Calls;
using Glovebox.Tests.Fuzz.Support;
using Microsoft.Extensions.AI;

namespace Glovebox.Tests.Fuzz;

/// <summary>Whatever guest code sends to the socket for calls, nothing but what is allowed reaches a function.</summary>
public sealed class CallTests
{
    private static readonly Gen<byte[]> AnyRequests = Gen.Select(
        Gen.OneOf(Requests.Any.Array[1, 12].Select(r => (byte[])[.. r.SelectMany(b => b)]), Gen.OneOf(Corpus.Calls)),
        Gen.Frequency((4, Gen.Const(() => Array.Empty<Change>())), (1, Bytes.AnyChange.Array[1, 4])),
        Bytes.Apply);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Only_calls_that_are_allowed_reach_a_function() => Fuzzer.RunAsync(
        Gen.Select(AnyRequests, Bytes.Cuts, (data, cuts) => (data, cuts)),
        input => Call(input.data, input.cuts),
        input => $"cuts {string.Join(',', input.cuts)}: {Convert.ToHexString(input.data)}",
        TestContext.Current.CancellationToken);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Arguments_are_refused_in_words_or_are_what_the_schema_allows() => Fuzzer.RunAsync(
        Gen.Select(Requests.Arguments, Gen.OneOf("add", "open"), (json, name) => (json, name)),
        input =>
        {
            FuzzFunctions functions = new();
            AIFunction function = functions.Server.Find(input.name)!;
            AIFunctionArguments arguments = [];
            if (ArgumentCheck.Read(function, input.json, arguments) is { } failure)
            {
                Assert.Equal("invalid-arguments", failure.Code);
                Assert.True(failure.Message.Length < 1000, "Guest code makes the answer long.");
            }
            else
            {
                function.InvokeAsync(arguments).AsTask().Wait();
                Assert.Null(functions.Wrong);
            }
        },
        input => $"{input.name}: {Convert.ToHexString(input.json)}",
        TestContext.Current.CancellationToken);

    private static void Call(byte[] data, int[] cuts)
    {
        FuzzFunctions functions = new();
        FuzzStream stream = new();
        Task serving = functions.Server.ServeAsync(stream);
        long allocated = Bytes.Feed(data, cuts, piece => stream.Feed(piece));
        Assert.True(allocated < (16 << 20) + (data.Length * 4096L), $"{data.Length} bytes cost {allocated} bytes of memory.");
        stream.End();
        Assert.True(((IAsyncResult)serving).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(30)), "The connection is served without end.");
        Assert.Null(serving.Exception);
        Assert.True(stream.IsDisposed);
        Assert.Null(functions.Wrong);
        int answers = Answers(stream.Written());
        Assert.True(functions.Calls <= answers, $"{functions.Calls} calls, {answers} answers");

        // Every place was given back.
        for (int n = 0; n < functions.Server.Limits.MaxConcurrentCalls; n++)
        {
            Assert.True(functions.Server.TryEnter());
        }
    }

    /// <summary>Counts answers, each of which must be whole, and JSON.</summary>
    private static int Answers(ReadOnlyMemory<byte> written)
    {
        int answers = 0;
        for (; !written.IsEmpty; answers++)
        {
            int size = BitConverter.ToInt32(written.Span);
            Assert.InRange(written.Span[4], 0, 1);
            using JsonDocument answer = JsonDocument.Parse(written.Slice(5, size));
            Assert.True(written.Span[4] == 0 || answer.RootElement.GetProperty("message").GetString()!.Length < 1000);
            written = written[(5 + size)..];
        }

        return answers;
    }
}
