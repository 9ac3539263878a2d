namespace Glovebox.Agents;

/// <summary>Media types of files, by extension.</summary>
internal static class MediaTypes
{
    public const string Binary = "application/octet-stream";

    private static readonly Dictionary<string, string> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png",
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".gif"] = "image/gif",
        [".webp"] = "image/webp",
        [".svg"] = "image/svg+xml",
        [".pdf"] = "application/pdf",
        [".json"] = "application/json",
        [".zip"] = "application/zip",
        [".txt"] = "text/plain",
        [".log"] = "text/plain",
        [".csv"] = "text/csv",
        [".md"] = "text/markdown",
        [".html"] = "text/html",
        [".xml"] = "text/xml",
        [".py"] = "text/x-python",
    };

    public static string OfFile(string path) => ByExtension.GetValueOrDefault(Path.GetExtension(path), Binary);

    /// <summary>The usual extension of a media type, with its dot, or <c>.bin</c>.</summary>
    public static string Extension(string mediaType) =>
        ByExtension.FirstOrDefault(e => string.Equals(e.Value, mediaType, StringComparison.OrdinalIgnoreCase)).Key ?? ".bin";

    /// <summary>Whether models take it as a picture. SVG is text to them.</summary>
    public static bool IsImage(string mediaType) => mediaType is "image/png" or "image/jpeg" or "image/gif" or "image/webp";

    public static bool IsText(string mediaType) =>
        mediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || mediaType is "application/json" or "image/svg+xml";
}
