using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
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
        byte[] parts = KernelMessageWriter.Parts(_header, content), whole = KernelMessageWriter.Object(_header, content);
        Assert.All([parts, whole], m => Assert.True(m.AsSpan().IndexOf("shell"u8) >= 0));
        using KernelMessage first = KernelMessage.ReadParts(parts), second = KernelMessage.ReadObject(whole);
        foreach (KernelMessage message in new[] { first, second })
        {
            Assert.Equal("execute_request", message.Type);
            Assert.Equal("", message.ParentId);
            Assert.Equal("ü", message.Content.GetProperty("code").GetString());
        }
    }

    [Fact]
    public void What_belongs_to_a_request_names_it()
    {
        using KernelMessage message = KernelMessage.ReadObject("""{"header":{"msg_type":"status"},"parent_header":{"msg_id":"1"}}"""u8.ToArray());
        Assert.Equal(("status", "1"), (message.Type, message.ParentId));
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
        byte[] message = KernelMessageWriter.Parts(_header, "{}"u8);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(index * 8), value);
        Assert.ThrowsAny<JsonException>(() => KernelMessage.ReadParts(message));
    }

    [Fact]
    public void A_message_that_is_cut_off_is_no_message()
    {
        byte[] parts = KernelMessageWriter.Parts(_header, "{}"u8);
        byte[] whole = KernelMessageWriter.Object(_header, "{}"u8);
        for (int size = 0; size < parts.Length; size++)
        {
            Assert.ThrowsAny<JsonException>(() => KernelMessage.ReadParts(parts.AsMemory(0, size)));
        }

        for (int size = 0; size < whole.Length; size++)
        {
            Assert.ThrowsAny<JsonException>(() => KernelMessage.ReadObject(whole.AsMemory(0, size)));
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"header\":{]}")]
    [InlineData("nonsense")]
    public void What_is_no_object_is_no_message(string text) =>
        Assert.ThrowsAny<JsonException>(() => KernelMessage.ReadObject(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void JSON_that_is_too_deep_is_no_message() =>
        Assert.ThrowsAny<JsonException>(() => KernelMessage.ReadObject(Encoding.UTF8.GetBytes("{\"header\":" + new string('[', 100_000))));
}
