using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Glovebox.Execution.Displays;

/// <summary>Turns what an interpreter showed, JSON by MIME type, into bytes by MIME type.</summary>
internal static class MimeBundle
{
    public const string PlainText = "text/plain";

    /// <summary>How many forms of one thing are kept.</summary>
    private const int MaxForms = 32;

    /// <summary>The forms that are saved as files, and their extensions.</summary>
    private static readonly Dictionary<string, string> Extensions = new(StringComparer.Ordinal)
    {
        ["image/png"] = ".png",
        ["image/jpeg"] = ".jpg",
        ["image/svg+xml"] = ".svg",
        ["text/html"] = ".html",
    };

    /// <summary>Gets the extension of files of a MIME type; null for one that is not saved.</summary>
    public static string? Extension(string mimeType) => Extensions.GetValueOrDefault(mimeType);

    public static Dictionary<string, ReadOnlyMemory<byte>> Read(JsonElement bundle)
    {
        Dictionary<string, ReadOnlyMemory<byte>> data = new(StringComparer.Ordinal);
        foreach (JsonProperty form in bundle.EnumerateObject())
        {
            if (data.Count == MaxForms)
            {
                break;
            }

            string name = form.NameText();
            data[name] = Decode(name, form.Value);
        }

        return data;
    }

    /// <summary>Gets the plain text of what was shown, or null.</summary>
    public static string? Text(JsonElement bundle) => bundle.Member(PlainText) is { } value ? Lines(value) : null;

    private static byte[] Decode(string mimeType, JsonElement value)
    {
        if (Lines(value) is not { } text)
        {
            return Encoding.UTF8.GetBytes(value.GetRawText());
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (!IsBinary(mimeType))
        {
            return bytes;
        }

        // Kernels break the lines of base64, which the decoder skips. What is no base64 is kept as it came.
        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(bytes.Length)];
        return Base64.DecodeFromUtf8(bytes, decoded, out _, out int written) == System.Buffers.OperationStatus.Done
            ? decoded[..written]
            : bytes;
    }

    /// <summary>Reads a text, or the list of lines that some kernels send in its place; null for anything else.</summary>
    private static string? Lines(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.Text(),
        JsonValueKind.Array when value.EnumerateArray().All(l => l.ValueKind == JsonValueKind.String) =>
            string.Concat(value.EnumerateArray().Select(l => l.Text())),
        _ => null,
    };

    private static bool IsBinary(string mimeType) =>
        (mimeType.StartsWith("image/", StringComparison.Ordinal) && !mimeType.EndsWith("+xml", StringComparison.Ordinal))
        || mimeType.StartsWith("audio/", StringComparison.Ordinal)
        || mimeType.StartsWith("video/", StringComparison.Ordinal)
        || mimeType is "application/pdf" or "application/octet-stream";
}
