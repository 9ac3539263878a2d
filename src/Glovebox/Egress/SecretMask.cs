using System.Text;

namespace Glovebox.Egress;

/// <summary>Takes the values of secrets out of what a server answers. A server that changes the letters before it sends them back is not
/// noticed.</summary>
internal sealed class SecretMask(IEnumerable<EgressSecret> secrets)
{
    /// <summary>As they are, and as a query has them. The longer ones go first: one may begin with another.</summary>
    private readonly byte[][] _values =
    [
        .. secrets.SelectMany(s => (string[])[s.Value, Uri.EscapeDataString(s.Value)]).Distinct().OrderByDescending(v => v.Length)
            .Select(Encoding.ASCII.GetBytes),
    ];

    public bool IsEmpty => _values.Length == 0;

    /// <summary>Masks what is whole, and counts what may be the beginning of a value: it has to wait for more.</summary>
    /// <returns>How many bytes at the end have to wait.</returns>
    public int Apply(Span<byte> bytes)
    {
        int waits = 0;
        foreach (byte[] value in _values)
        {
            for (Span<byte> rest = bytes; rest.IndexOf(value) is >= 0 and int at; rest = rest[(at + value.Length)..])
            {
                rest.Slice(at, value.Length).Fill((byte)'*');
            }
        }

        foreach (byte[] value in _values)
        {
            for (int size = Math.Min(value.Length - 1, bytes.Length); size > waits; size--)
            {
                if (bytes[^size..].SequenceEqual(value.AsSpan(0, size)))
                {
                    waits = size;
                }
            }
        }

        return waits;
    }

    public string Apply(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        Apply(bytes);
        return Encoding.Latin1.GetString(bytes);
    }
}
