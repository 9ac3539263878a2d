using System.IO.Pipelines;
using Glovebox.Cli.Run;

namespace Glovebox.Cli.Mcp;

/// <summary>Carries standard input to the protocol's server, until it ends or a message is too long.</summary>
/// <remarks>By hand, because the SDK's transport keeps a message of any length in memory, and lets its calls run on when standard input
/// has ended: the server would wait for them.</remarks>
internal sealed class StandardInput : IDisposable
{
    /// <summary>The most bytes of a message, which is a line. A file of <see cref="CodeTools.LargestFile"/> fits in any
    /// encoding.</summary>
    public const int LongestMessage = 16 << 20;

    private const int ReadSize = 64 << 10;

    private readonly Pipe _pipe = new();
    private readonly CancellationTokenSource _ended = new();

    public StandardInput(Stream input)
    {
        Ended = _ended.Token;
        Messages = _pipe.Reader.AsStream();
        _ = CopyAsync(input);
    }

    /// <summary>The client's messages.</summary>
    public Stream Messages { get; }

    /// <summary>Cancelled when there is no more to read.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why it ended before its end: a message was too long, or it could not be read. Otherwise null.</summary>
    public CliException? Error { get; private set; }

    public void Dispose() => _ended.Dispose();

    private async Task CopyAsync(Stream input)
    {
        try
        {
            int length = 0;
            for (FlushResult flushed = default; !flushed.IsCompleted;)
            {
                Memory<byte> buffer = _pipe.Writer.GetMemory(ReadSize);
                int count = await input.ReadAsync(buffer).ConfigureAwait(false);
                int lineEnd = buffer.Span[..count].LastIndexOf((byte)'\n');
                length = lineEnd < 0 ? length + count : count - lineEnd - 1;
                if (length > LongestMessage)
                {
                    throw CliException.CouldNotRun(
                        "message-too-long",
                        $"A message of the client is longer than {ByteSize.Format(LongestMessage)}. "
                        + "The server ended, and its sessions with it.",
                        $"Send less at once: code of {CodeTools.RunCode} can write large files itself, piece by piece.");
                }

                if (count == 0)
                {
                    break;
                }

                _pipe.Writer.Advance(count);
                flushed = await _pipe.Writer.FlushAsync().ConfigureAwait(false);
            }
        }
        catch (CliException e)
        {
            Error = e;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error = CliException.CouldNotRun("input-failed", $"Standard input cannot be read: {e.Message.TrimEnd('.')}.");
        }

        try
        {
            await _ended.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The server ended first.
        }

        await _pipe.Writer.CompleteAsync().ConfigureAwait(false);
    }
}
