using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Glovebox.Audit;

/// <summary>A line of an audit file: <c>{"seq":2,"prev":"HASH","event":{...},"hash":"HASH"}</c>.</summary>
/// <remarks>The hash is the SHA-256 of the line's bytes before <c>,"hash"</c>, so it covers the event, its number and the hash of the line
/// before. With a key it is an HMAC-SHA256, and called <c>mac</c>. A line has this one spelling and no other: each byte that changes is
/// found.</remarks>
internal readonly record struct AuditLine(long Sequence, string Previous, string Hash, bool IsKeyed, bool IsUnchanged)
{
    /// <summary>The most bytes of a line.</summary>
    public const int MaxBytes = 16 << 20;

    private const int HashLength = 64;

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>What the first line of all names as the hash of the line before.</summary>
    public static readonly string NoPrevious = new('0', HashLength);

    private static ReadOnlySpan<byte> Start => "{\"seq\":"u8;

    private static ReadOnlySpan<byte> BeforePrevious => ",\"prev\":\""u8;

    private static ReadOnlySpan<byte> BeforeEvent => "\",\"event\":{"u8;

    private static ReadOnlySpan<byte> BeforeHash => "},\"hash\":\""u8;

    private static ReadOnlySpan<byte> BeforeMac => "},\"mac\":\""u8;

    private static ReadOnlySpan<byte> End => "\"}"u8;

    /// <summary>Makes a line with its line feed.</summary>
    /// <param name="sequence">Its number, from 1.</param>
    /// <param name="previous">The hash of the line before.</param>
    /// <param name="auditEvent">A JSON object without line feeds.</param>
    /// <param name="key">The key of the HMAC; empty: none.</param>
    /// <param name="hash">Its hash.</param>
    public static byte[] Make(long sequence, string previous, ReadOnlySpan<byte> auditEvent, ReadOnlySpan<byte> key, out string hash)
    {
        byte[] head = Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{{\"seq\":{sequence},\"prev\":\"{previous}\",\"event\":"));
        byte[] hashed = [.. head, .. auditEvent];
        hash = HashOf(hashed, key);
        return [.. hashed, .. (key.IsEmpty ? BeforeHash : BeforeMac)[1..], .. Encoding.ASCII.GetBytes(hash), .. End, (byte)'\n'];
    }

    /// <summary>Reads a line without its line feed.</summary>
    /// <returns>Whether it has the form of one; whether its hash is right is in the line.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, ReadOnlySpan<byte> key, out AuditLine line)
    {
        line = default;
        if (!TryReadSequence(text, out long sequence, out int at)
            || !TryTake(text, ref at, BeforePrevious)
            || !TryTakeHash(text, ref at, out string previous)
            || !TryTake(text, ref at, BeforeEvent))
        {
            return false;
        }

        int end = text.Length - End.Length - HashLength;
        bool isKeyed = end > at && text[..end].EndsWith(BeforeMac);
        int beforeHash = end - (isKeyed ? BeforeMac : BeforeHash).Length;
        if (beforeHash < at
            || !(isKeyed || text[..end].EndsWith(BeforeHash))
            || !TryTakeHash(text, ref end, out string hash)
            || !text[end..].SequenceEqual(End))
        {
            return false;
        }

        // The brace that ends the event is part of what is hashed. Without its key, a keyed line cannot be checked.
        ReadOnlySpan<byte> hashed = text[..(beforeHash + 1)];
        bool isUnchanged = isKeyed == !key.IsEmpty && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(HashOf(hashed, key)));
        line = new(sequence, previous, hash, isKeyed, isUnchanged);
        return true;
    }

    /// <summary>Reads the number of the line that begins here.</summary>
    public static bool TryReadSequence(ReadOnlySpan<byte> text, out long sequence) => TryReadSequence(text, out sequence, out _);

    /// <summary>Whether bytes may be the beginning of a line that was not written to its end. A machine that lost its power can leave
    /// NULs.</summary>
    public static bool MayBeTorn(ReadOnlySpan<byte> text) =>
        text.StartsWith(Start) || Start.StartsWith(text) || !text.ContainsAnyExcept((byte)0);

    private static bool TryReadSequence(ReadOnlySpan<byte> text, out long sequence, out int at)
    {
        (sequence, at) = (0, 0);
        if (!TryTake(text, ref at, Start)
            || !Utf8Parser.TryParse(text[at..], out sequence, out int digits)
            || sequence < 1
            || text[at] is not (>= (byte)'1' and <= (byte)'9'))
        {
            return false;
        }

        at += digits;
        return true;
    }

    private static bool TryTake(ReadOnlySpan<byte> text, ref int at, ReadOnlySpan<byte> expected)
    {
        bool isThere = text[at..].StartsWith(expected);
        at += isThere ? expected.Length : 0;
        return isThere;
    }

    private static bool TryTakeHash(ReadOnlySpan<byte> text, ref int at, out string hash)
    {
        hash = "";
        if (text.Length - at < HashLength || text.Slice(at, HashLength).ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        hash = Encoding.ASCII.GetString(text.Slice(at, HashLength));
        at += HashLength;
        return true;
    }

    private static string HashOf(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> key) =>
        Convert.ToHexStringLower(key.IsEmpty ? SHA256.HashData(bytes) : HMACSHA256.HashData(key, bytes));
}
