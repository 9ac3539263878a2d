using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Text;

namespace Glovebox.Egress;

/// <summary>The side of a connection on which guest code sends requests.</summary>
/// <param name="reader">What it sends.</param>
/// <param name="writer">What it receives.</param>
/// <param name="guest">The connection, which may carry this one inside TLS.</param>
/// <param name="report">Tells of it.</param>
internal sealed class HttpClientSide(PipeReader reader, Stream writer, GuestConnection guest, EgressReport report)
{
    private const long MaxLingered = 16 << 20;

    private bool _hasEnded;

    public PipeReader Reader => reader;

    public Stream Writer => writer;

    public GuestConnection Guest => guest;

    public EgressReport Report => report;

    /// <summary>Whether it came by TLS that was ended here.</summary>
    public bool IsTls { get; init; }

    /// <summary>Reads the head of the next request.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="EgressRefusal">It is none, or too long.</exception>
    public async Task<HttpHead?> ReadHeadAsync()
    {
        using GuestDeadline late = guest.Late();
        while (true)
        {
            ReadResult read = await reader.ReadAsync(late.Token).ConfigureAwait(false);
            if (TryFindEnd(read.Buffer, out SequencePosition end))
            {
                byte[] head = read.Buffer.Slice(0, end).ToArray();
                reader.AdvanceTo(end);
                return HttpHead.Parse(head);
            }

            bool isEmpty = read.Buffer.IsEmpty, isTooLong = read.Buffer.Length >= HttpHead.MaxBytes;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (isTooLong)
            {
                throw new EgressRefusal("bad-request", $"The head of the request is longer than {HttpHead.MaxBytes >> 10} KiB.", 431);
            }

            if (read.IsCompleted)
            {
                return isEmpty ? null : throw new EgressRefusal("bad-request", "The request ends in its head.", 400);
            }
        }
    }

    /// <summary>Says that a request is refused.</summary>
    public async Task RefuseAsync(EgressRefusal why, bool keepsOpen)
    {
        // Programs show the first line, so it says why.
        string line = string.Concat(why.Message.Select(c => c is >= ' ' and <= '~' ? c : '?'));
        string body = $"glovebox: {line}\n";
        await WriteAsync(
            $"HTTP/1.1 {why.Status} {line}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Glovebox-Reason: {why.Reason}\r\n"
            + $"Content-Length: {body.Length}\r\nConnection: {(keepsOpen ? "keep-alive" : "close")}\r\n\r\n{body}").ConfigureAwait(false);
        if (!keepsOpen && !guest.IsSpent)
        {
            await LingerAsync().ConfigureAwait(false);
        }
    }

    public ValueTask WriteAsync(string text) => writer.WriteAsync(Encoding.Latin1.GetBytes(text), guest.Over);

    /// <summary>Tells the guest that no more comes. It may go on sending.</summary>
    public Task EndWritesAsync()
    {
        bool hasEnded = _hasEnded;
        _hasEnded = true;
        return hasEnded ? Task.CompletedTask : writer is SslStream tls ? tls.ShutdownAsync() : guest.EndWritesAsync();
    }

    /// <summary>Lets the guest send what it was about to. Many programs look for an answer only then, and would not find one behind a
    /// connection that is closed under what they send.</summary>
    private async Task LingerAsync()
    {
        await EndWritesAsync().ConfigureAwait(false);
        using GuestDeadline late = guest.Late();
        try
        {
            for (long left = MaxLingered; left > 0;)
            {
                ReadResult read = await reader.ReadAsync(late.Token).ConfigureAwait(false);
                left -= read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (EgressRefusal)
        {
            // It has sent more than it may, and was told of a refusal already.
        }
    }

    private static bool TryFindEnd(ReadOnlySequence<byte> buffer, out SequencePosition end)
    {
        SequenceReader<byte> all = new(buffer.Slice(0, Math.Min(buffer.Length, HttpHead.MaxBytes)));
        bool found = all.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8);
        end = all.Position;
        return found;
    }
}
