using System.IO.Pipelines;
using Glovebox.Sandboxes.Agent.Protocol;
using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>A connection that the channel carries sends and takes as much as a simple model of it says, and no byte more.</summary>
public sealed class StreamTests
{
    private const int Window = 1000;

    private static readonly Gen<(Act Act, uint Count)> AnyAct = Gen.Select(
        Gen.Enum<Act>(), Gen.Frequency((12, Gen.UInt[0, 400]), (1, Bytes.Edge)), (act, count) => (act, count));

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Credit_is_counted_as_in_a_simple_model() => Fuzzer.RunAsync(
        AnyAct.Array[1, 40],
        Follow,
        acts => string.Join(", ", acts.Select(a => $"{a.Act} {a.Count}")),
        TestContext.Current.CancellationToken);

    private static void Follow((Act Act, uint Count)[] acts)
    {
        using Connection connection = new();
        long receiveCredit = Window, buffered = 0, consumed = 0, granted = 0, sendCredit = Window, unsent = 0, sent = 0;
        Task writing = Task.CompletedTask;
        byte next = 0, expected = 0;
        foreach ((Act act, uint count) in acts)
        {
            switch (act)
            {
                case Act.Receive when count <= Window * 2:
                    byte[] data = new byte[count];
                    for (int n = 0; n < data.Length; n++)
                    {
                        data[n] = next++;
                    }

                    if (count > receiveCredit)
                    {
                        Assert.Throws<GuestProtocolException>(() => connection.Take(data));
                        return;
                    }

                    connection.Take(data);
                    (receiveCredit, buffered) = (receiveCredit - count, buffered + count);
                    break;
                case Act.Read when count is > 0 and <= Window && buffered > 0:
                    byte[] read = new byte[count];
                    int size = connection.ReadAsync(read).AsTask().GetAwaiter().GetResult();
                    Assert.Equal(Math.Min(count, buffered), size);
                    Assert.All(read[..size], b => Assert.Equal(expected++, b));
                    (buffered, consumed) = (buffered - size, consumed + size);
                    if (consumed >= Window / 2)
                    {
                        (granted, receiveCredit, consumed) = (granted + consumed, receiveCredit + consumed, 0);
                    }

                    Assert.Equal(granted, connection.Granted);
                    break;
                case Act.Write when unsent == 0 && count <= 4 * Window:
                    writing.Wait();
                    unsent = count;
                    writing = connection.WriteAsync(new byte[count]).AsTask();
                    break;
                case Act.Grant:
                    if (count > Window - sendCredit)
                    {
                        Assert.Throws<GuestProtocolException>(() => connection.More(count));
                        return;
                    }

                    sendCredit += count;
                    connection.More(count);
                    break;
            }

            long now = Math.Min(unsent, sendCredit);
            (unsent, sendCredit, sent) = (unsent - now, sendCredit - now, sent + now);
            Assert.True(SpinWait.SpinUntil(() => connection.Sent == sent, TimeSpan.FromSeconds(30)), $"{connection.Sent} bytes are sent, not {sent}.");
            Assert.Equal(unsent == 0, SpinWait.SpinUntil(() => writing.IsCompleted, unsent == 0 ? TimeSpan.FromSeconds(30) : TimeSpan.Zero));
        }

        connection.Lose();
        Assert.True(((IAsyncResult)writing).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(30)), "A writer waits for a connection that has ended.");
        Assert.True(writing.Exception?.InnerException is null or IOException);
    }

    private enum Act
    {
        Receive,
        Read,
        Write,
        Grant,
    }

    private sealed class Connection : IStreamFrames, IDisposable
    {
        private readonly AgentStream _stream;
        private long _sent;

        public Connection() => _stream = new AgentStream(this, 1, PipeScheduler.Inline, Window, Window);

        public long Sent => Volatile.Read(ref _sent);

        public long Granted { get; private set; }

        public void Take(byte[] data) => _stream.Handle(GuestFrameType.StreamData, new GuestFrameReader(data));

        public void More(uint count) => _stream.Handle(GuestFrameType.StreamCredit, new GuestFrameReader(Bytes.LittleEndian(count)));

        public ValueTask<int> ReadAsync(byte[] buffer) => _stream.ReadAsync(buffer);

        public ValueTask WriteAsync(byte[] data) => _stream.WriteAsync(data);

        public void Lose() => _stream.Lose();

        public void Dispose() => _stream.Dispose();

        public void Forget(AgentStream stream)
        {
        }

        public Task<bool> SendAsync(GuestFrameType type, uint number, GuestFrameWriter frame)
        {
            ReadOnlySpan<byte> payload = frame.Frame(type, number).Span[GuestFrameWriter.HeaderSize..];
            if (type == GuestFrameType.StreamData)
            {
                Interlocked.Add(ref _sent, payload.Length);
            }
            else if (type == GuestFrameType.StreamCredit)
            {
                Granted += BitConverter.ToUInt32(payload);
            }

            return Task.FromResult(true);
        }
    }
}
