using System.Buffers.Binary;
using System.Text;

namespace Glovebox.Egress;

/// <summary>Finds the server's name in the first message of a TLS client, without speaking TLS.</summary>
/// <remarks>Source: RFC 8446, section 4.1.2, and RFC 6066, section 3.</remarks>
internal static class ClientHello
{
    /// <summary>The most bytes that are looked at.</summary>
    public const int MaxBytes = 64 << 10;

    public const byte HandshakeRecord = 22;

    private const byte ClientHelloMessage = 1;
    private const int ServerNameExtension = 0;
    private const int RecordHeader = 5;
    private const int LargestRecord = 16384;

    /// <summary>Looks for the name.</summary>
    /// <param name="bytes">What has come so far.</param>
    /// <param name="name">The name; null when the client names none.</param>
    /// <returns>False when more bytes are needed.</returns>
    /// <exception cref="EgressRefusal">This is no first message of a client.</exception>
    public static bool TryFindName(ReadOnlySpan<byte> bytes, out string? name)
    {
        name = null;

        // The message may be spread over several records.
        byte[] message = new byte[bytes.Length];
        int length = 0;
        while (length < 4 || length < 4 + Size(message.AsSpan(1, 3)))
        {
            if (bytes.Length > 0 && bytes[0] != HandshakeRecord)
            {
                throw Bad();
            }

            if (bytes.Length < RecordHeader)
            {
                return false;
            }

            int record = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (bytes[1] != 3 || record is 0 or > LargestRecord)
            {
                throw Bad();
            }

            if (bytes.Length < RecordHeader + record)
            {
                return false;
            }

            bytes.Slice(RecordHeader, record).CopyTo(message.AsSpan(length));
            length += record;
            bytes = bytes[(RecordHeader + record)..];
            if (message[0] != ClientHelloMessage)
            {
                throw Bad();
            }
        }

        Reader hello = new(message.AsSpan(4, Size(message.AsSpan(1, 3))));
        hello.Take(2 + 32);
        hello.Take(hello.Number(1));
        hello.Take(hello.Number(2));
        hello.Take(hello.Number(1));
        if (hello.IsEmpty)
        {
            return true;
        }

        bool found = false;
        for (Reader extensions = new(hello.Take(hello.Number(2))); !extensions.IsEmpty;)
        {
            int kind = extensions.Number(2);
            Reader extension = new(extensions.Take(extensions.Number(2)));
            if (kind != ServerNameExtension)
            {
                continue;
            }

            Reader names = new(extension.Take(extension.Number(2)));
            bool isHostName = names.Number(1) == 0;
            ReadOnlySpan<byte> text = names.Take(names.Number(2));
            if (found || !isHostName || !names.IsEmpty || !extension.IsEmpty || text.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            {
                throw Bad();
            }

            found = true;
            name = Encoding.ASCII.GetString(text);
        }

        return hello.IsEmpty ? true : throw Bad();
    }

    private static int Size(ReadOnlySpan<byte> three) => (three[0] << 16) | (three[1] << 8) | three[2];

    private static EgressRefusal Bad() => new("bad-tls", "This is not the beginning of TLS.", 400);

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public readonly bool IsEmpty => _rest.IsEmpty;

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
            {
                throw Bad();
            }

            ReadOnlySpan<byte> taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }

        public int Number(int size)
        {
            int number = 0;
            foreach (byte b in Take(size))
            {
                number = (number << 8) | b;
            }

            return number;
        }
    }
}
