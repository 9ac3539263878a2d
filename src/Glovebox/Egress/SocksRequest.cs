using System.Net;
using System.Text;

namespace Glovebox.Egress;

/// <summary>Reads what a SOCKS 5 client asks for, and answers.</summary>
/// <remarks>Source: RFC 1928. The one method is none, the one command is to connect.</remarks>
internal static class SocksRequest
{
    public const byte Version = 5;

    private const byte NoAuthentication = 0;
    private const byte NoMethod = 0xff;
    private const byte ConnectCommand = 1;

    public const byte Succeeded = 0;
    public const byte NotAllowed = 2;
    public const byte Unreachable = 4;
    private const byte CommandNotSupported = 7;

    /// <summary>Reads the request.</summary>
    /// <returns>The host and the port; null when there is none that can be done, of which the client was told.</returns>
    public static async Task<(string Host, int Port)?> ReadAsync(Stream guest, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[257];
        await guest.ReadExactlyAsync(buffer.AsMemory(0, 2), cancellationToken).ConfigureAwait(false);
        int methods = buffer[1];
        await guest.ReadExactlyAsync(buffer.AsMemory(0, methods), cancellationToken).ConfigureAwait(false);
        bool takesNone = buffer.AsSpan(0, methods).Contains(NoAuthentication);
        await guest.WriteAsync(new byte[] { Version, takesNone ? NoAuthentication : NoMethod }, cancellationToken).ConfigureAwait(false);
        if (!takesNone)
        {
            return null;
        }

        await guest.ReadExactlyAsync(buffer.AsMemory(0, 4), cancellationToken).ConfigureAwait(false);
        (byte version, byte command, byte kind) = (buffer[0], buffer[1], buffer[3]);
        string? host = null;
        switch (kind)
        {
            case 1 or 4:
                int size = kind == 1 ? 4 : 16;
                await guest.ReadExactlyAsync(buffer.AsMemory(0, size), cancellationToken).ConfigureAwait(false);
                host = HostName.Of(new IPAddress(buffer.AsSpan(0, size))).ToString();
                break;
            case 3:
                await guest.ReadExactlyAsync(buffer.AsMemory(0, 1), cancellationToken).ConfigureAwait(false);
                int length = buffer[0];
                await guest.ReadExactlyAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                host = Encoding.Latin1.GetString(buffer, 0, length);
                break;
        }

        if (version != Version || command != ConnectCommand || host is null)
        {
            await AnswerAsync(guest, CommandNotSupported, cancellationToken).ConfigureAwait(false);
            return null;
        }

        await guest.ReadExactlyAsync(buffer.AsMemory(0, 2), cancellationToken).ConfigureAwait(false);
        return (host, (buffer[0] << 8) | buffer[1]);
    }

    /// <summary>Says what became of it. The address of our end, which nobody needs, is all zeros.</summary>
    public static ValueTask AnswerAsync(Stream guest, byte code, CancellationToken cancellationToken) =>
        guest.WriteAsync(new byte[] { Version, code, 0, 1, 0, 0, 0, 0, 0, 0 }, cancellationToken);
}
