using System.Net.Security;
using Glovebox.Egress;

namespace Glovebox.Tests.Unit.Egress;

public sealed class ClientHelloTests
{
    [Theory]
    [InlineData("good.test")]
    [InlineData("a.very.long.name.of.a.host.that.is.still.a.name.good.test")]
    public async Task The_name_is_found_however_the_message_is_cut(string name)
    {
        byte[] hello = await HelloAsync(name);
        Assert.True(ClientHello.TryFindName(hello, out string? found));
        Assert.Equal(name, found);
        for (int length = 0; length < hello.Length; length++)
        {
            Assert.False(ClientHello.TryFindName(hello.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public async Task A_message_in_several_records_is_put_together()
    {
        byte[] hello = await HelloAsync("good.test");
        List<byte> cut = [];
        foreach (byte[] piece in hello[5..].Chunk(7))
        {
            cut.AddRange([22, 3, 1, 0, (byte)piece.Length, .. piece]);
        }

        Assert.True(ClientHello.TryFindName([.. cut], out string? found));
        Assert.Equal("good.test", found);
    }

    [Fact]
    public async Task An_address_is_not_named()
    {
        Assert.True(ClientHello.TryFindName(await HelloAsync("192.0.2.1"), out string? found));
        Assert.Null(found);
    }

    [Fact]
    public async Task Any_bytes_end_in_a_name_or_a_refusal()
    {
        byte[] hello = await HelloAsync("good.test");
        Random random = new(42);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. hello];
            for (int j = random.Next(1, 5); j > 0; j--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            try
            {
                ClientHello.TryFindName(changed, out string? name);
                Assert.True(name is null || name.All(c => c is >= '!' and <= '~'));
            }
            catch (EgressRefusal e)
            {
                Assert.Equal("bad-tls", e.Reason);
            }
        }
    }

    /// <summary>What a real client sends first.</summary>
    private static async Task<byte[]> HelloAsync(string name)
    {
        using FirstMessage sent = new();
        await using SslStream client = new(sent);
        await Assert.ThrowsAnyAsync<Exception>(
            () => client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name }, TestContext.Current.CancellationToken));
        return sent.ToArray();
    }

    /// <summary>Keeps what is written, and answers with the end.</summary>
    private sealed class FirstMessage : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(0);
    }
}
