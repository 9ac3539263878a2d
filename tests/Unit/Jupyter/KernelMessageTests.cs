using System.Buffers.Binary;
using System.Text;
using Glovebox.Jupyter.Client;

namespace Glovebox.Tests.Unit.Jupyter;

/// <summary>Messages as a hostile kernel could make them.</summary>
public sealed class KernelMessageTests
{
    private static readonly byte[] _header = KernelMessageWriter.Header("id", "session", "execute_request", DateTimeOffset.UnixEpoch);

    [Fact]
    public void What_is_written_is_read_in_both_forms()
    {
        byte[] content = "{\"code\":\"ü\"}"u8.ToArray();
        foreach (KernelMessage message in new[]
        {
            KernelMessage.ReadParts(KernelMessageWriter.Parts("shell", _header, content)), KernelMessage.ReadObject(KernelMessageWriter.Object("shell", _header, content)),
        })
        {
            Assert.Equal("shell", message.Channel);
            Assert.Equal("execute_request", message.Type);
            Assert.Equal("", message.ParentId);
            Assert.Equal(content, message.Content.ToArray());
        }
    }

    [Theory]
    [InlineData(0, 0ul)]
    [InlineData(0, 5ul)]
    [InlineData(0, ulong.MaxValue)]
    [InlineData(0, 1ul << 40)]
    [InlineData(1, ulong.MaxValue)]
    [InlineData(2, 1_000_000ul)]
    [InlineData(3, 0ul)]
    [InlineData(5, 1ul << 31)]
    [InlineData(6, ulong.MaxValue / 2)]
    public void An_offset_that_leads_outside_is_no_message(int index, ulong value)
    {
        byte[] message = KernelMessageWriter.Parts("shell", _header, "{}"u8);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(index * 8), value);
        Assert.Throws<FormatException>(() => KernelMessage.ReadParts(message));
    }

    [Fact]
    public void A_message_that_is_cut_off_is_no_message()
    {
        byte[] parts = KernelMessageWriter.Parts("shell", _header, "{}"u8);
        byte[] whole = KernelMessageWriter.Object("shell", _header, "{}"u8);
        for (int size = 0; size < parts.Length; size++)
        {
            Assert.Throws<FormatException>(() => KernelMessage.ReadParts(parts.AsMemory(0, size)));
        }

        for (int size = 0; size < whole.Length; size++)
        {
            Assert.Throws<FormatException>(() => KernelMessage.ReadObject(whole.AsMemory(0, size)));
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"header\":{]}")]
    [InlineData("nonsense")]
    public void What_is_no_object_is_no_message(string text) =>
        Assert.Throws<FormatException>(() => KernelMessage.ReadObject(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void JSON_that_is_too_deep_is_no_message() =>
        Assert.Throws<FormatException>(() => KernelMessage.ReadObject(Encoding.UTF8.GetBytes("{\"header\":" + new string('[', 100_000))));
}
