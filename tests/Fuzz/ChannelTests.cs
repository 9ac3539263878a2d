using System.Globalization;
using System.Text;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;
using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>Whatever an agent sends, the host's end of its channel fails as is documented, ends, and takes little memory.</summary>
public sealed class ChannelTests
{
    private static readonly Gen<Step> AnyStep = Gen.Frequency(
        (12, Frames.Any.Array[1, 6].Select(f => new Step([.. f.SelectMany(b => b)], -1))),
        (2, Gen.Int[0, FuzzAgent.Actions - 1].Select(a => new Step([], a))),
        (1, Gen.Select(Frames.Any, Bytes.AnyChange, (frame, change) => new Step(change.Apply(frame), -1))));

    private static readonly byte[] Hello = Frames.Frame(
        GuestFrameType.Hello, 0, [AgentClient.AgentVersion, 0, 0, 0, 1, 0, 0, 0, (byte)'3', 1]);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Frames_of_any_kind_in_any_order_do_no_harm() => Fuzzer.RunAsync(
        Gen.Select(AnyStep.Array[1, 20], Bytes.Cuts, Gen.Bool, (steps, cuts, blocks) => (steps, cuts, blocks)),
        input => Talk(input.steps, input.cuts, input.blocks),
        input => $"cuts {string.Join(',', input.cuts)}, blocked {input.blocks}:\n"
            + string.Join('\n', input.steps.Select(s => s.ToString())),
        TestContext.Current.CancellationToken);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Recorded_traffic_that_is_changed_does_no_harm() => Fuzzer.RunAsync(
        Gen.Select(
            Gen.OneOf(Corpus.FromAgent), Bytes.AnyChange.Array[0, 6], Bytes.Cuts, (data, changes, cuts) => (data: Bytes.Apply(data, changes), cuts)),
        input => Talk([new Step(input.data, -1)], input.cuts, blocks: false),
        input => $"cuts {string.Join(',', input.cuts)}: {Convert.ToHexString(input.data)}",
        TestContext.Current.CancellationToken);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task What_an_agent_says_arrives_as_it_was_said_however_it_is_cut() => Fuzzer.RunAsync(
        Gen.Select(Conversation, Bytes.Cuts, (said, cuts) => (said, cuts)),
        input => Listen(input.said, input.cuts),
        null,
        TestContext.Current.CancellationToken);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task What_the_writer_writes_the_reader_reads() => Fuzzer.RunAsync(
        Gen.Select(
            Gen.Byte, Gen.UInt, Gen.Long, Gen.String, Gen.Byte.Array,
            (b, n, l, t, r) => (b, n, l, t: Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(t)), r)),
        input =>
        {
            ReadOnlySpan<byte> frame = new GuestFrameWriter()
                .Byte(input.b).UInt32(input.n).Number((ulong)input.l).Text(input.t).Bytes(input.r)
                .Frame(GuestFrameType.Reply, input.n).Span;
            Assert.Equal(frame.Length - sizeof(int), BitConverter.ToInt32(frame));
            Assert.Equal((byte)GuestFrameType.Reply, frame[4]);
            Assert.Equal(input.n, BitConverter.ToUInt32(frame[5..]));
            GuestFrameReader reader = new(frame[GuestFrameWriter.HeaderSize..]);
            Assert.Equal(input.b, reader.Byte());
            Assert.Equal(input.n, reader.UInt32());
            Assert.Equal(input.l, reader.Int64());
            Assert.Equal(input.t, reader.Text());
            Assert.Equal(input.r, reader.Rest.ToArray());
        },
        null,
        TestContext.Current.CancellationToken);

    private static Gen<Said[]> Conversation => Gen.Select(
        Gen.Int[0, 3], Gen.Bool, Gen.Frequency((20, Gen.Byte.Array[0, 60]), (1, Gen.Int[60_000, 300_000].Select(n => new byte[n]))),
        (run, isError, data) => new Said(run, isError, data)).Array[0, 30];

    private static void Talk(Step[] steps, int[] cuts, bool blocks)
    {
        FuzzAgent agent = new();
        agent.Feed(Hello);
        agent.Channel.IsBlocked = blocks;
        MemoryStream fed = new();
        foreach (Step step in steps)
        {
            if (step.Action >= 0)
            {
                agent.Act(step.Action);
                continue;
            }

            // What is fed is copied a few times; a connection to the socket for calls costs some kilobytes.
            long allocated = Bytes.Feed(step.Data, cuts, piece => agent.Feed(piece));
            Assert.True(allocated < (16 << 20) + (step.Data.Length * 4096L), $"{step.Data.Length} bytes cost {allocated} bytes of memory.");
            fed.Write(step.Data);
        }

        if (Frames.AreRefused(fed.ToArray()))
        {
            Assert.True(agent.Client.Ended.IsCompleted, "A frame that no agent sends did not end the channel.");
            Assert.True(agent.Channel.IsDisposed, "A channel that has ended is still open.");
        }

        agent.End();
        agent.DisposeAsync().AsTask().Wait();
    }

    /// <summary>Runs print and end, in turns; each gets what is its own.</summary>
    private static void Listen(Said[] said, int[] cuts)
    {
        FuzzAgent agent = new(isQuiet: true);
        List<byte> stream = [.. Hello];
        List<Run> runs = [];
        for (int n = 0; n < 4; n++)
        {
            Run run = new();
            run.Ending = agent.Client.RunAsync(new ProcessRequest(["x"], []) { Output = run }, CancellationToken.None);
            runs.Add(run);
        }

        foreach (Said s in said)
        {
            stream.AddRange(Frames.Frame(s.IsError ? GuestFrameType.StandardError : GuestFrameType.StandardOutput, (uint)s.Run + 1, s.Data));
            runs[s.Run].Expected.Add((s.IsError ? OutputStream.StandardError : OutputStream.StandardOutput, Convert.ToHexString(s.Data)));
        }

        for (int n = 0; n < runs.Count; n++)
        {
            byte[] words = Encoding.UTF8.GetBytes(n.ToString(CultureInfo.InvariantCulture));
            byte[] exit = [0, .. BitConverter.GetBytes(said.Length - n), .. BitConverter.GetBytes(words.Length), .. words];
            stream.AddRange(Frames.Frame(GuestFrameType.Exit, (uint)n + 1, exit));
        }

        foreach (byte[] piece in Bytes.Pieces([.. stream], cuts))
        {
            agent.Feed(piece);
        }

        for (int n = 0; n < runs.Count; n++)
        {
            Assert.True(runs[n].Ending!.Wait(TimeSpan.FromSeconds(30)), "A run does not end.");
            ProcessExit exit = runs[n].Ending!.Result!;
            Assert.Equal(
                (ProcessExitKind.Exited, said.Length - n, n.ToString(CultureInfo.InvariantCulture)), (exit.Kind, exit.ExitCode, exit.Message));
            Assert.Equal(runs[n].Expected, runs[n].Printed);
        }

        agent.End();
        agent.DisposeAsync().AsTask().Wait();
    }

    /// <summary>Bytes of the agent, or something that the host does.</summary>
    private sealed record Step(byte[] Data, int Action)
    {
        public override string ToString() => Action >= 0 ? $"action {Action}" : Convert.ToHexString(Data);
    }

    private sealed record Said(int Run, bool IsError, byte[] Data);

    private sealed class Run : IOutputSink
    {
        public Task<ProcessExit?>? Ending { get; set; }

        public List<(OutputStream, string)> Expected { get; } = [];

        public List<(OutputStream, string)> Printed { get; } = [];

        public void Write(OutputStream stream, ReadOnlySpan<byte> data) => Printed.Add((stream, Convert.ToHexString(data)));
    }
}
