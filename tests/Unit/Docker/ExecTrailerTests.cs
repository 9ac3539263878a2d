using System.Text;
using Glovebox.Docker.Containers;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Unit.Docker;

public sealed class ExecTrailerTests : IOutputSink
{
    private const string Word = "0123456789abcdef";

    private readonly StringBuilder _output = new();

    void IOutputSink.Write(OutputStream stream, ReadOnlySpan<byte> data) => _output.Append(Encoding.ASCII.GetString(data));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(19)]
    [InlineData(1000)]
    public void It_is_found_however_the_stream_is_cut(int size)
    {
        const string Printed = "some 0123 output 0123456789abcde- 00123456789abcd";
        byte[] all = Encoding.ASCII.GetBytes(Printed + Word + "137what comes later");
        ExecTrailer trailer = new(Word, OutputStream.StandardOutput, this);
        foreach (byte[] part in all.Chunk(size))
        {
            trailer.Take(part);
        }

        Assert.Equal(137, trailer.ExitCode);
        Assert.Equal(Printed, _output.ToString());
    }

    [Fact]
    public void What_only_begins_like_it_is_output_when_the_stream_ends()
    {
        ExecTrailer trailer = new(Word, OutputStream.StandardError, this);
        trailer.Take("x0123456789abcde"u8);
        Assert.Equal("x", _output.ToString());
        trailer.Complete();
        Assert.Null(trailer.ExitCode);
        Assert.Equal("x0123456789abcde", _output.ToString());
    }

    [Fact]
    public void The_word_without_a_code_is_no_end()
    {
        ExecTrailer trailer = new(Word, OutputStream.StandardOutput, this);
        trailer.Take("x0123456789abcdefyes and so on"u8);
        trailer.Complete();
        Assert.Null(trailer.ExitCode);
        Assert.Equal("x0123456789abcdefyes and so on", _output.ToString());
    }
}
