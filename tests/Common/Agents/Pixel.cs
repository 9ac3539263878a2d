namespace Glovebox.Tests.Common.Agents;

/// <summary>A picture.</summary>
public static class Pixel
{
    public const string Base64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    public static byte[] Bytes { get; } = Convert.FromBase64String(Base64);

    /// <summary>Python that saves it.</summary>
    public static string Save(string path) => $"import base64; open('{path}', 'wb').write(base64.b64decode('{Base64}'))";
}
