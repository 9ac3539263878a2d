using System.Text;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Generates calls of host functions as guest code sends them, and as it should not.</summary>
internal static class Requests
{
    private static readonly Gen<string> Value = Gen.Recursive<string>((depth, value) => depth >= 2 ? Scalar : Gen.Frequency(
        (6, Scalar),
        (1, value.Array[0, 3].Select(v => $"[{string.Join(',', v)}]")),
        (1, Gen.Select(Name, value).Array[0, 3].Select(p => $"{{{string.Join(',', p.Select(m => $"{m.Item1}:{m.Item2}"))}}}"))));

    /// <summary>Arguments: JSON in most cases.</summary>
    public static readonly Gen<byte[]> Arguments = Gen.Select(
        Gen.Frequency(
            (8, Gen.Select(Name, Value).Array[0, 4].Select(p => $"{{{string.Join(',', p.Select(m => $"{m.Item1}:{m.Item2}"))}}}")),
            (4, Gen.OneOf("""{"a":1,"b":2}""", """{"text":"hello"}""", """{"a":-5,"b":0}""", "{}")),
            (1, Value),
            (1, Gen.Int[1, 5000].Select(n => new string('[', n))),
            (1, Gen.Int[1, 5000].Select(n => $$"""{"{{new string('x', n)}}":1}"""))).Select(Encoding.UTF8.GetBytes),
        Gen.Frequency((8, Gen.Const(() => Array.Empty<Change>())), (1, Bytes.AnyChange.Array[1, 3])),
        Bytes.Apply);

    private static readonly Gen<byte[]> FunctionName = Gen.Frequency(
        (12, Gen.OneOf("add", "guarded", "open", "fails")),
        (1, Gen.OneOf("", "ADD", "add\0", "sub", "__init__"))).Select(Encoding.UTF8.GetBytes);

    /// <summary>One request, its length included.</summary>
    public static readonly Gen<byte[]> Any = Gen.Select(
        FunctionName, Arguments, Gen.Frequency((12, Gen.Const((uint?)null)), (1, Bytes.Number.Select(n => (uint?)n))),
        (name, arguments, size) => Request(name, arguments, size));

    private static Gen<string> Name => Gen.OneOf("\"a\"", "\"b\"", "\"text\"", "\"more\"", "\"\"", "\"\\u0061\"", "\"\\ud800\"", "\"A\"", "\"\\u0000\"");

    private static Gen<string> Scalar => Gen.Frequency(
        (4, Gen.Int.Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))),
        (1, Gen.OneOf("1.5", "1e400", "-0", "123456789012345678901234567890", "NaN", "01")),
        (3, Gen.OneOf("null", "true", "false", "\"\"", "\"text\"", "\"\\ud800\"", "\"\\udc80x\"", "\"ä\"", "\"1\"")));

    public static byte[] Request(byte[] name, byte[] arguments, uint? size = null) =>
        [.. Bytes.LittleEndian(size ?? (uint)(1 + name.Length + arguments.Length)), (byte)name.Length, .. name, .. arguments];
}
