using System.Text;
using Glovebox.Execution;
using Glovebox.Interpreters;
using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>Whatever the supervisor of interpreters sends, the host's end fails as is documented, ends, and takes little memory.</summary>
public sealed class SupervisorTests
{
    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        (12, SupervisorFrames.Frame.Array[1, 6].Select(f => new Step([.. f.SelectMany(b => b)], -1))),
        (4, Gen.Int[0, FuzzSupervisor.Actions - 1].Select(a => new Step([], a))),
        (1, Gen.Select(SupervisorFrames.Frame, Bytes.AnyChange, (frame, change) => new Step(change.Apply(frame), -1))));

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Frames_of_any_kind_in_any_order_do_no_harm() => Fuzzer.RunAsync(
        Gen.Select(AnyStep.Array[1, 20], Bytes.Cuts, (steps, cuts) => (steps, cuts)),
        input => Talk(input.steps, input.cuts),
        input => $"cuts {string.Join(',', input.cuts)}:\n{string.Join('\n', input.steps.Select(s => s.ToString()))}",
        TestContext.Current.CancellationToken);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Recorded_traffic_that_is_changed_does_no_harm() => Fuzzer.RunAsync(
        Gen.Select(
            Gen.OneOf(Corpus.FromSupervisor), Bytes.AnyChange.Array[0, 6], Bytes.Cuts,
            (data, changes, cuts) => (data: Bytes.Apply(data, changes), cuts)),
        input => Talk([new Step([], 0), new Step([], 1), new Step(input.data, -1)], input.cuts),
        input => $"cuts {string.Join(',', input.cuts)}: {Convert.ToHexString(input.data)}",
        TestContext.Current.CancellationToken);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task What_a_block_prints_arrives_as_it_was_printed_however_it_is_cut() => Fuzzer.RunAsync(
        Gen.Select(Gen.Select(Gen.Bool, Gen.OneOf("a", "ä\n", "x\ny", new string('z', 3000))).Array[0, 20], Bytes.Cuts, (said, cuts) => (said, cuts)),
        input => Listen(input.said, input.cuts),
        null,
        TestContext.Current.CancellationToken);

    private static void Talk(Step[] steps, int[] cuts)
    {
        FuzzSupervisor supervisor = FuzzSupervisor.Start();
        foreach (Step step in steps)
        {
            if (step.Action >= 0)
            {
                supervisor.Act(step.Action);
                continue;
            }

            // One frame may have room for all that it says that it is long, before it has come.
            long allocated = Bytes.Feed(step.Data, cuts, piece => supervisor.Feed(piece));
            long bound = InterpreterChannel.MaxFrame + (16 << 20) + (step.Data.Length * 4096L);
            Assert.True(allocated < bound, $"{step.Data.Length} bytes cost {allocated} bytes of memory.");
        }

        supervisor.End();
        supervisor.DisposeAsync().AsTask().Wait();
    }

    /// <summary>Two blocks run and print in turns; each gets what is its own.</summary>
    private static void Listen((bool IsSecond, string Text)[] said, int[] cuts)
    {
        FuzzSupervisor supervisor = FuzzSupervisor.Start();
        OutputCollector[] outputs = [new(64 << 20, 0), new(64 << 20, 0)];
        Task<ContextEnd>[] running = [.. supervisor.Contexts.Zip(outputs, FuzzSupervisor.RunAsync)];
        List<byte> stream = [];
        foreach ((bool isSecond, string text) in said)
        {
            stream.AddRange(SupervisorFrames.Of(InterpreterFrame.StandardOutput, isSecond ? 2u : 1u, text));
        }

        for (uint n = 1; n <= 2; n++)
        {
            stream.AddRange(SupervisorFrames.Of(InterpreterFrame.Done, n, $$"""{"number":1,"code":{{n}},"lost":["threads"]}"""));
        }

        foreach (byte[] piece in Bytes.Pieces([.. stream], cuts))
        {
            supervisor.Feed(piece);
        }

        for (int n = 0; n < running.Length; n++)
        {
            Assert.True(running[n].Wait(TimeSpan.FromSeconds(30)), "A block does not end.");
            outputs[n].Complete(null);
            Assert.Equal((ContextEndKind.Done, n + 1), (running[n].Result.Kind, running[n].Result.Code));
            Assert.Equal(["threads"], running[n].Result.NotInCheckpoint);
            StringBuilder expected = new();
            expected.AppendJoin("", said.Where(s => s.IsSecond == (n == 1)).Select(s => s.Text));
            Assert.Equal(expected.ToString(), outputs[n].StandardOutput);
        }

        supervisor.End();
        supervisor.DisposeAsync().AsTask().Wait();
    }

    /// <summary>Bytes of the supervisor, or something that the host does.</summary>
    private sealed record Step(byte[] Data, int Action)
    {
        public override string ToString() => Action >= 0 ? $"action {Action}" : Encoding.UTF8.GetString(Data);
    }
}
