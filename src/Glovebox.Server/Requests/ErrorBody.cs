using System.Text.Json;

namespace Glovebox.Server.Requests;

/// <summary>An error as the server's own API tells it: <c>{code, message, hint}</c>.</summary>
internal static class ErrorBody
{
    public static byte[] Of(ApiException error)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            Write(json, error);
        }

        return buffer.ToArray();
    }

    public static void Write(Utf8JsonWriter json, ApiException error)
    {
        json.WriteStartObject();
        json.WriteString("code", error.Code);
        json.WriteString("message", error.Message);
        if (error.Hint is { } hint)
        {
            json.WriteString("hint", hint);
        }

        json.WriteEndObject();
    }
}
