using System.Buffers;
using System.Text.Json;

namespace Glovebox.Functions.Calls;

/// <summary>Why a call has no result, as guest code is told.</summary>
/// <param name="Code">In a word; the <c>code</c> of the Python exception.</param>
/// <param name="Message">In words, without anything of the host's.</param>
internal sealed record CallFailure(string Code, string Message)
{
    public static CallFailure NoBlock { get; } = new("no-block", "no code block is running");

    public static CallFailure Malformed { get; } = new("malformed", "this is not a call");

    public static CallFailure Late { get; } = new("malformed", "the call did not arrive in time");

    public static CallFailure Unknown { get; } = new("unknown-function", "there is no such function");

    public static CallFailure NotJson { get; } = new("invalid-arguments", "the arguments are not a JSON object, or are nested too deeply");

    public static CallFailure NotText { get; } = new(
        "invalid-arguments", "a text of the arguments is not UTF-8, or holds half of a surrogate pair");

    public static CallFailure Failed { get; } = new("failed", "the function failed");

    public static CallFailure Cancelled { get; } = new("cancelled", "the call was cancelled");

    public static CallFailure ArgumentsTooLarge(int limit) => new("too-large", $"the arguments have more than {limit} bytes");

    public static CallFailure ResultTooLarge(int limit) => new("too-large", $"the result has more than {limit} bytes");

    public static CallFailure TooMany(int limit) => new("too-many-calls", $"more than {limit} calls are on their way");

    public static CallFailure TooOften(int limit) => new("too-many-calls", $"more than {limit} calls in a second");

    public static CallFailure NotApproved(string reason) => new("not-approved", $"The call was not approved. Reason: {reason}");

    public void WriteTo(IBufferWriter<byte> output)
    {
        using Utf8JsonWriter writer = new(output);
        writer.WriteStartObject();
        writer.WriteString("code"u8, Code);
        writer.WriteString("message"u8, Message);
        writer.WriteEndObject();
    }
}
