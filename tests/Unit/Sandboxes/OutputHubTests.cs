using System.Text;
using Glovebox.Sandboxes;
using Glovebox.Tests.Common.Fakes;

namespace Glovebox.Tests.Unit.Sandboxes;

/// <summary>Listeners to a process: late ones, slow ones, and several at once.</summary>
public sealed class OutputHubTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void A_buffer_holds_the_last_bytes_and_where_each_was_printed()
    {
        Random random = new(1);
        OutputBuffer buffer = new(100);
        List<(OutputStream Stream, byte Value)> printed = [];
        long missed = 0;
        int taken = 0;
        for (int i = 0; i < 20_000; i++)
        {
            OutputStream stream = random.Next(3) == 0 ? OutputStream.StandardError : OutputStream.StandardOutput;
            byte[] data = new byte[random.Next(random.Next(4) == 0 ? 150 : 5)];
            random.NextBytes(data);
            buffer.Write(stream, data);
            printed.AddRange(data.Select(b => (stream, b)));
            while (random.Next(3) == 0 && buffer.Take() is { } output)
            {
                missed += output.Missed;
                taken += (int)output.Missed;
                Assert.Equal(printed.Skip(taken).Take(output.Data.Length), output.Data.ToArray().Select(b => (output.Stream, b)));
                taken += output.Data.Length;
            }

            printed.RemoveRange(0, taken);
            taken = 0;
        }

        Assert.True(missed > 0);
        OutputBuffer copy = new(1000);
        buffer.CopyTo(copy);
        while (buffer.Take() is { } output)
        {
            ProcessOutput other = copy.Take()!;
            Assert.Equal((output.Stream, output.Missed), (other.Stream, other.Missed));
            Assert.Equal(output.Data.ToArray(), other.Data.ToArray());
        }

        Assert.Null(copy.Take());
    }

    [Fact]
    public async Task A_slow_listener_holds_up_nobody_and_is_told_what_it_missed()
    {
        OutputHub hub = new(new(["x"], []) { OutputBacklog = 10 });
        hub.Write(OutputStream.StandardOutput, "before"u8);
        await using IAsyncEnumerator<ProcessOutput> slow = hub.ReadAsync(Ct).GetAsyncEnumerator(Ct);
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal("before", Text(slow.Current));
        byte[] piece = new byte[64 << 10];
        await using IAsyncEnumerator<ProcessOutput> quick = hub.ReadAsync(Ct).GetAsyncEnumerator(Ct);
        Assert.True(await quick.MoveNextAsync());
        for (int i = 0; i < 32; i++)
        {
            hub.Write(OutputStream.StandardError, piece);
            Assert.True(await quick.MoveNextAsync());
            Assert.Equal((piece.Length, 0), (quick.Current.Data.Length, quick.Current.Missed));
        }

        hub.Complete();
        Assert.False(await quick.MoveNextAsync());
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal((32L * piece.Length) - OutputHub.ListenerBound, slow.Current.Missed);
        long rest = slow.Current.Data.Length;
        while (await slow.MoveNextAsync())
        {
            rest += slow.Current.Data.Length;
        }

        Assert.Equal(OutputHub.ListenerBound, rest);
    }

    [Fact]
    public async Task A_listener_that_comes_late_gets_the_whole_backlog()
    {
        OutputHub hub = new(new(["x"], []) { OutputBacklog = 3 * OutputHub.ListenerBound });
        hub.Write(OutputStream.StandardOutput, new byte[4 * OutputHub.ListenerBound]);
        hub.Complete();
        (long got, long missed) = (0, 0);
        await foreach (ProcessOutput output in hub.ReadAsync(Ct))
        {
            (got, missed) = (got + output.Data.Length, missed + output.Missed);
        }

        Assert.Equal((3L * OutputHub.ListenerBound, 1L * OutputHub.ListenerBound), (got, missed));
    }

    [Fact]
    public async Task Without_a_backlog_the_sink_alone_gets_the_output()
    {
        OutputHub hub = new(new(["x"], []) { OutputBacklog = 0 });
        hub.Write(OutputStream.StandardOutput, "x"u8);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await hub.ReadAsync(Ct).GetAsyncEnumerator(Ct).MoveNextAsync());
    }

    [Fact]
    public async Task A_listener_that_gives_up_is_gone()
    {
        OutputHub hub = new(new(["x"], []));
        using CancellationTokenSource givesUp = new();
        IAsyncEnumerator<ProcessOutput> listener = hub.ReadAsync(givesUp.Token).GetAsyncEnumerator(Ct);
        ValueTask<bool> waiting = listener.MoveNextAsync();
        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(65536, 1)]
    [InlineData(1, 65536)]
    [InlineData(-1, -1)]
    public void A_terminal_of_an_impossible_size_is_refused(int columns, int rows) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TerminalSize(columns, rows));

    [Fact]
    public async Task A_process_of_the_fake_is_talked_to_and_found()
    {
        FakeSandboxProvider provider = new();
        provider.Programs["echo"] = async process =>
        {
            using StreamReader reader = new(process.Input);
            process.Print(await reader.ReadToEndAsync(process.Killed));
            return process.Size!.Rows;
        };
        await using ISandbox sandbox = await provider.StartAsync(new SandboxRequest(), Ct);
        ISandboxProcess process = await sandbox.StartProcessAsync(new(["echo"], []) { Terminal = new(80, 24) }, Ct);
        Assert.Same(process, sandbox.FindProcess(process.Id));
        await process.WriteAsync("hello"u8.ToArray(), Ct);
        await process.ResizeAsync(new(10, 5), Ct);
        Assert.True(await process.SignalAsync(ProcessSignal.Continue, Ct));
        await process.CloseInputAsync(Ct);
        Assert.Equal(5, (await process.Ended).ExitCode);
        Assert.Null(sandbox.FindProcess(process.Id));
        await foreach (ProcessOutput output in process.ReadOutputAsync(Ct))
        {
            Assert.Equal("hello", Text(output));
        }
    }

    private static string Text(ProcessOutput output) => Encoding.UTF8.GetString(output.Data.Span);
}
