using System.Text;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Generates frames as a guest agent sends them, and as it never does.</summary>
internal static class Frames
{
    /// <summary>The number of the listener that hosts have here.</summary>
    public const uint Listener = 1;

    /// <summary>The types that an agent sends.</summary>
    public static readonly GuestFrameType[] FromAgent = [.. Enum.GetValues<GuestFrameType>().Where(t => t >= GuestFrameType.Hello)];

    /// <summary>Runs, requests, tunnels and connections have small numbers in these tests.</summary>
    private static readonly Gen<uint> Number = Gen.Frequency((30, Gen.UInt[0, 18]), (1, Bytes.Number));

    /// <summary>Streams that are opened inside have the highest bit.</summary>
    private static readonly Gen<uint> StreamNumber = Gen.OneOf(Number, Number.Select(n => n | (1u << 31)));

    private static readonly Gen<byte[]> Text = Gen.Frequency(
        (8, Gen.OneOf(Gen.String[0, 12], Gen.OneOf("", "a", "a/b.txt", "/etc/passwd", "../x", "a/../b", "a\0b", "ä", "a\nb")).Select(Encoding.UTF8.GetBytes)),
        (1, Bytes.Some)).Select(t => (byte[])[.. Bytes.LittleEndian((uint)t.Length), .. t]);

    private static readonly Gen<byte[]> File = Gen.Select(Text, Gen.Long, Gen.Long, Gen.Byte.Array[17], (path, size, modified, stamp) =>
        (byte[])[.. path, .. BitConverter.GetBytes(size), .. BitConverter.GetBytes(modified), .. stamp]);

    private static readonly Gen<byte[]> Reply = Gen.Select(
        Gen.Byte[0, 5], Gen.OneOf(Text, File.Array[0, 4].Select(f => (byte[])[.. f.SelectMany(b => b)]), Gen.Byte.Array[1], Bytes.Some), (status, rest) => (byte[])[status, .. rest]);

    private static readonly Gen<byte[]> Exit = Gen.Select(
        Gen.Byte[0, 6], Bytes.Number, Text, (kind, code, message) => (byte[])[kind, .. Bytes.LittleEndian(code), .. message]);

    private static readonly Gen<byte[]> Hello = Gen.Select(
        Gen.UInt[AgentClient.AgentVersion - 1, AgentClient.AgentVersion + 1], Text, Gen.Byte[0, 2], Bytes.Some,
        (version, python, canFilter, program) => (byte[])[.. Bytes.LittleEndian(version), .. python, canFilter, .. program]);

    /// <summary>A frame: valid in most cases.</summary>
    public static readonly Gen<byte[]> Any =
        from type in Gen.Frequency((60, Gen.OneOf(FromAgent)), (1, Gen.Byte.Select(b => (GuestFrameType)b)))
        from number in type is >= GuestFrameType.StreamOpen and <= GuestFrameType.StreamReset ? StreamNumber : Number
        from payload in Payload(type)
        from changes in Gen.Frequency((6, Gen.Const(() => Array.Empty<Change>())), (1, Bytes.AnyChange.Array[1, 2]))
        select Frame(type, number, Bytes.Apply(payload, changes));

    public static byte[] Frame(GuestFrameType type, uint number, byte[] payload) => new GuestFrameWriter().Bytes(payload).Frame(type, number).ToArray();

    /// <summary>Whether bytes hold a frame that no agent sends, as far as its header tells.</summary>
    public static bool AreRefused(ReadOnlySpan<byte> data)
    {
        while (data.Length >= sizeof(int))
        {
            long size = BitConverter.ToUInt32(data);
            if (size is < 5 or > 1 << 20)
            {
                return true;
            }

            if (data.Length < sizeof(int) + size)
            {
                return false;
            }

            if (!FromAgent.Contains((GuestFrameType)data[sizeof(int)]))
            {
                return true;
            }

            data = data[(sizeof(int) + (int)size)..];
        }

        return false;
    }

    private static Gen<byte[]> Payload(GuestFrameType type) => type switch
    {
        GuestFrameType.StandardOutput or GuestFrameType.StandardError => Bytes.Some,
        GuestFrameType.StreamOpen => Gen.Frequency((20, Gen.Const(Listener)), (1, Bytes.Number)).Select(Bytes.LittleEndian),
        GuestFrameType.StreamData => Gen.OneOf(Bytes.Some, Requests.Any),
        GuestFrameType.Exit => Exit,
        GuestFrameType.Hello => Hello,
        GuestFrameType.Reply => Reply,
        GuestFrameType.StreamCredit => Bytes.Number.Select(Bytes.LittleEndian),
        GuestFrameType.StreamReset => Text,
        _ => Gen.Const(() => Array.Empty<byte>()),
    };
}
