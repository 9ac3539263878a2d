namespace Glovebox.Agents.Functions;

/// <summary>Media types of files, by extension. By hand: the maps of .NET and of Microsoft.Extensions.AI are internal.</summary>
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

    /// <summary>What a file's name says it is.</summary>
    public static string OfName(string path) => ByExtension.GetValueOrDefault(Path.GetExtension(path), Binary);

    /// <summary>What a file is. One that is named as a picture has to be a whole one, of whichever kind; a broken one is just
    /// bytes.</summary>
    public static string Of(string path, ReadOnlySpan<byte> content)
    {
        string named = OfName(path);
        return IsImage(named) ? Pictures.TypeOf(content) ?? Binary : named;
    }

    /// <summary>The usual extension of a media type, with its dot, or <c>.bin</c>.</summary>
    public static string Extension(string mediaType) =>
        ByExtension.FirstOrDefault(e => string.Equals(e.Value, mediaType, StringComparison.OrdinalIgnoreCase)).Key ?? ".bin";

    /// <summary>Whether models take it as a picture. SVG is text to them.</summary>
    public static bool IsImage(string mediaType) => mediaType is "image/png" or "image/jpeg" or "image/gif" or "image/webp";

    /// <summary>Whether it is a whole picture of that kind.</summary>
    public static bool IsImage(string mediaType, ReadOnlySpan<byte> content) => IsImage(mediaType) && Pictures.TypeOf(content) == mediaType;
}
