using System.Buffers.Binary;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Generates bytes, and changes them.</summary>
internal static class Bytes
{
    /// <summary>Numbers at the edges of what fields hold.</summary>
    public static readonly Gen<uint> Edge = Gen.OneOf<uint>(
        0u, 1, 2, 4, 5, 64, 255, 256, 4096, 65_535, 65_536, 131_072, 131_073, 262_144, 262_145, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 64 << 20,
        int.MaxValue, 0x8000_0000, 0x8000_0001, uint.MaxValue - 1, uint.MaxValue);

    public static readonly Gen<uint> Number = Gen.Frequency((3, Gen.UInt[0, 300]), (1, Edge), (1, Gen.UInt));

    public static readonly Gen<byte[]> Some = Gen.Frequency((20, Gen.Byte.Array[0, 64]), (1, Gen.Int[0, 140_000].Select(n => new byte[n])));

    /// <summary>What happens to a sequence of bytes.</summary>
    public static readonly Gen<Change> AnyChange = Gen.Select(
        Gen.Enum<ChangeKind>(), Gen.Double.Unit, Gen.Double.Unit, Number, (kind, at, other, value) => new Change(kind, at, other, value));

    /// <summary>Where a sequence of bytes is cut into pieces: after so many bytes, again and again.</summary>
    public static readonly Gen<int[]> Cuts = Gen.OneOf(
        Gen.Const(() => new[] { int.MaxValue }), Gen.Const(() => new[] { 1 }), Gen.Int[1, 40].Array[1, 8], Gen.Int[1, 200_000].Array[1, 4]);

    public static byte[] Apply(byte[] data, IEnumerable<Change> changes) => changes.Aggregate(data, (d, change) => change.Apply(d));

    /// <summary>Cuts data into pieces.</summary>
    public static IEnumerable<byte[]> Pieces(byte[] data, int[] cuts)
    {
        for (int at = 0, n = 0; at < data.Length; n++)
        {
            int size = Math.Min(cuts[n % cuts.Length], data.Length - at);
            yield return data[at..(at + size)];
            at += size;
        }
    }

    /// <summary>Hands on data in pieces, and tells how many bytes of memory that cost this thread.</summary>
    public static long Feed(byte[] data, int[] cuts, Action<byte[]> feed)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (byte[] piece in Pieces(data, cuts))
        {
            feed(piece);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public static byte[] LittleEndian(uint value)
    {
        byte[] data = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(data, value);
        return data;
    }
}

internal enum ChangeKind
{
    Flip,
    Set,
    SetNumber,
    Delete,
    Cut,
    Insert,
    Repeat,
    Swap,
}

/// <summary>A change of a sequence of bytes.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="At">Where, as a part of the whole.</param>
/// <param name="Other">To where, as a part of the whole.</param>
/// <param name="Value">The new value.</param>
internal sealed record Change(ChangeKind Kind, double At, double Other, uint Value)
{
    public byte[] Apply(byte[] data)
    {
        if (data.Length == 0)
        {
            return Kind == ChangeKind.Insert ? Bytes.LittleEndian(Value) : data;
        }

        int at = (int)(At * data.Length), end = Math.Min(data.Length, at + 1 + (int)(Other * 64));
        byte[] changed = [.. data];
        switch (Kind)
        {
            case ChangeKind.Flip:
                changed[at] ^= (byte)(1 << (int)(Value % 8));
                return changed;
            case ChangeKind.Set:
                changed[at] = (byte)Value;
                return changed;
            case ChangeKind.SetNumber:
                byte[] number = Bytes.LittleEndian(Value);
                number.AsSpan(0, Math.Min(number.Length, changed.Length - at)).CopyTo(changed.AsSpan(at));
                return changed;
            case ChangeKind.Delete:
                return [.. data[..at], .. data[end..]];
            case ChangeKind.Cut:
                return data[..at];
            case ChangeKind.Insert:
                return [.. data[..at], .. Bytes.LittleEndian(Value), .. data[at..]];
            case ChangeKind.Repeat:
                return [.. data[..end], .. data[at..end], .. data[end..]];
            default:
                int to = (int)(Other * data.Length);
                (changed[at], changed[to]) = (changed[to], changed[at]);
                return changed;
        }
    }
}
