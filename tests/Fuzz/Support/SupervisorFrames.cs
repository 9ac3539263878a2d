using System.Text;
using Glovebox.Interpreters;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Generates frames as the supervisor of interpreters sends them, and as it never does.</summary>
internal static class SupervisorFrames
{
    private static readonly Gen<string> Number = Gen.Frequency(
        (6, Gen.Int[0, 9].Select(i => $"{i}")),
        (1, Gen.OneOf("-1", "2147483647", "-2147483648", "4294967295", "2147483648", "1.5", "1e400", "-0", "null")));

    private static readonly Gen<string> Text = Gen.Frequency(
        (6, Gen.OneOf("\"\"", "\"a\"", "\"all\"", "\"b\"", "\"\\u001b[0m\\u202e\"")),
        (1, Gen.OneOf("\"\\ud800\"", "\"\\udc80x\"", "null", "1")),
        (1, Gen.Int[1, 100_000].Select(n => $"\"{new string('x', n)}\"")));

    private static readonly Gen<string> Truth = Gen.Frequency((8, Gen.OneOf("true", "false")), (1, Gen.OneOf("null", "0", "\"true\"")));

    private static readonly Gen<string> Any = Gen.OneOf(Number, Text, Truth, Gen.OneOf("[]", "{}", "[null]", "[[\"a\"]]"));

    private static readonly Gen<string> Bundle = Members(
        Gen.OneOf("text/plain", "text/html", "image/png", "application/json", "", "\\ud800", "\\ud800\\ud800\\ud800", "text/plain"),
        Text,
        4);

    private static readonly Gen<string> Show = Gen.Select(
        Gen.Frequency((8, Bundle), (1, Any)), Gen.Frequency((2, Gen.OneOf("null", "\"a\"", "\"b\"")), (1, Text)), Truth,
        (data, id, update) => $$"""{"data":{{data}},"id":{{id}},"update":{{update}}}""");

    private static readonly Gen<string> Done = Gen.Select(
        Number, Number, Truth, Number, List(Text),
        (number, code, interrupted, uncovered, lost) =>
            $$"""{"number":{{number}},"code":{{code}},"interrupted":{{interrupted}},"uncovered":{{uncovered}},"lost":{{lost}}}""");

    private static readonly Gen<string> Ended = Gen.Select(
        Gen.Select(Number, Truth, Truth), Gen.Select(Truth, Number, Text),
        (a, b) => $$"""{"code":{{a.Item1}},"killed":{{a.Item2}},"block":{{a.Item3}},"clean":{{b.Item1}},"undone":{{b.Item2}},"lost":{{b.Item3}}}""");

    private static readonly Gen<string> Process = Gen.Select(
        Number, Text, Number, (pid, command, seconds) => $$"""{"pid":{{pid}},"command":{{command}},"seconds":{{seconds}}}""");

    private static readonly Gen<string> Reply = Gen.Select(
        Number, Text, Gen.Frequency((6, List(Process)), (1, Any)),
        (request, error, processes) => $$"""{"request":{{request}},"error":{{error}},"processes":{{processes}}}""");

    /// <summary>A frame: valid in most cases.</summary>
    public static readonly Gen<byte[]> Frame =
        from type in Gen.Frequency(
            (60, Gen.OneOf([.. Enum.GetValues<InterpreterFrame>().Where(t => t >= InterpreterFrame.Hello)])),
            (1, Gen.Byte.Select(b => (InterpreterFrame)b)))
        from number in Gen.Frequency((30, Gen.UInt[0, 4]), (1, Bytes.Number))
        from payload in Payload(type)
        from changes in Gen.Frequency((12, Gen.Const(() => Array.Empty<Change>())), (1, Bytes.AnyChange.Array[1, 2]))
        from size in Gen.Frequency((200, Gen.Const((uint?)null)), (1, Bytes.Number.Select(n => (uint?)n)))
        select Of(type, number, Bytes.Apply(payload, changes), size);

    public static byte[] Of(InterpreterFrame type, uint context, byte[] payload, uint? size = null) =>
        [.. Bytes.LittleEndian(size ?? (uint)(5 + payload.Length)), (byte)type, .. Bytes.LittleEndian(context), .. payload];

    public static byte[] Of(InterpreterFrame type, uint context, string json) => Of(type, context, Encoding.UTF8.GetBytes(json));

    private static Gen<byte[]> Payload(InterpreterFrame type) => type switch
    {
        InterpreterFrame.StandardOutput or InterpreterFrame.StandardError => Bytes.Some,
        InterpreterFrame.Show => Json(Show),
        InterpreterFrame.Clear => Json(Truth.Select(wait => $$"""{"wait":{{wait}}}""")),
        InterpreterFrame.Dropped => Json(Number.Select(bytes => $$"""{"bytes":{{bytes}}}""")),
        InterpreterFrame.Done => Json(Done),
        InterpreterFrame.Ended => Json(Ended),
        InterpreterFrame.Reply => Json(Reply),
        _ => Json(Gen.Select(Text, Text, (python, failed) => $$"""{"python":{{python}},"failed":{{failed}}}""")),
    };

    /// <summary>What is meant, or in some cases any other JSON.</summary>
    private static Gen<byte[]> Json(Gen<string> meant) => Gen.Frequency(
        (30, meant),
        (1, Any),
        (1, Members(Gen.OneOf("data", "id", "number", "code", "request", "error", "block", "undone"), Any, 6)),
        (1, Gen.Int[1, 3000].Select(n => new string('[', n)))).Select(Encoding.UTF8.GetBytes);

    private static Gen<string> Members(Gen<string> name, Gen<string> value, int most) => Gen.Select(name, value).Array[0, most]
        .Select(members => $"{{{string.Join(',', members.Select(m => $"\"{m.Item1}\":{m.Item2}"))}}}");

    private static Gen<string> List(Gen<string> item) => Gen.Frequency(
        (8, item.Array[0, 3].Select(items => $"[{string.Join(',', items)}]")),
        (1, Gen.Int[10, 3000].Select(n => $"[{string.Join(',', Enumerable.Repeat("\"a\"", n))}]")),
        (1, Gen.OneOf("null", "[null]", "1")));
}
