using Glovebox.Cli.Mcp;

namespace Glovebox.Tests.Cli.Units;

public sealed class StandardInputTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_of_any_number_pass_as_long_as_each_is_short_enough()
    {
        byte[] message = new byte[StandardInput.LongestMessage + 1];
        message[^1] = (byte)'\n';
        using StandardInput input = new(new MemoryStream([.. message, .. message, .. "x"u8]));
        Assert.Equal((2 * message.Length) + 1, await ReadAsync(input));
        Assert.Null(input.Error);
    }

    [Fact]
    public async Task A_message_that_is_too_long_is_the_end_and_no_more_of_it_is_read()
    {
        byte[] message = new byte[2 * StandardInput.LongestMessage];
        MemoryStream client = new([.. "short\n"u8, .. message]);
        using StandardInput input = new(client);
        Assert.InRange(await ReadAsync(input), StandardInput.LongestMessage - (64 << 10), StandardInput.LongestMessage + 6);
        Assert.Equal("message-too-long", input.Error?.Code);
        Assert.True(input.Ended.IsCancellationRequested);
        Assert.InRange(client.Position, 0, StandardInput.LongestMessage + (128 << 10));

        // The canary: without the limit, all of it would be read.
        Assert.Equal(message.Length + 6, client.Length);
        Assert.Equal(0, await ReadAsync(input));
    }

    [Fact]
    public async Task An_input_that_cannot_be_read_is_an_error_and_ends_what_runs()
    {
        using StandardInput input = new(new UnreadableStream());
        Assert.Equal(0, await ReadAsync(input));
        Assert.Equal(("input-failed", "Standard input cannot be read: broken."), (input.Error?.Code, input.Error?.Message));
        Assert.True(input.Ended.IsCancellationRequested);
    }

    private static async Task<int> ReadAsync(StandardInput input)
    {
        byte[] buffer = new byte[64 << 10];
        int total = 0;
        for (int count; (count = await input.Messages.ReadAsync(buffer, Ct)) > 0;)
        {
            total += count;
        }

        return total;
    }

    private sealed class UnreadableStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("broken");
    }
}
