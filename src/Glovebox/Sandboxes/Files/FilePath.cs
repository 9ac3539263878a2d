namespace Glovebox.Sandboxes.Files;

/// <summary>A path inside a sandbox, as the guest has it: absolute bytes.</summary>
internal sealed class FilePath
{
    private const int MaxPathBytes = 4095;
    private const int MaxNameBytes = 255;

    private FilePath(string text, byte[] bytes) => (Text, Bytes) = (text, bytes);

    /// <summary>As <see cref="SandboxFile.Path"/> has it.</summary>
    public string Text { get; }

    public byte[] Bytes { get; }

    /// <summary>Reads a path. Only what means nothing to the kernel is taken out of it; <c>..</c> stays, for links decide what it
    /// is.</summary>
    /// <exception cref="SandboxFileException">No file can have it.</exception>
    public static FilePath Parse(string path, string workDirectory)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0 || path.Contains('\0'))
        {
            throw Refused(path, "it is empty or holds a NUL", "Use an absolute path, or one relative to the work directory.");
        }

        string whole = path[0] == '/' ? path : $"{EscapedPath.FromText(workDirectory)}/{path}";
        string text = "/" + string.Join('/', whole.Split('/').Where(n => n is not ("" or ".")));
        byte[] bytes = EscapedPath.ToBytes(text);
        return bytes.Length <= MaxPathBytes && text.Split('/').All(n => EscapedPath.ToBytes(n).Length <= MaxNameBytes)
            ? new FilePath(text, bytes)
            : throw Refused(path, "it is too long", $"A name has at most {MaxNameBytes} bytes, a path {MaxPathBytes}.");
    }

    /// <summary>The path of something in this folder.</summary>
    public string Inside(ReadOnlySpan<byte> path) =>
        path.IsEmpty ? Text : $"{(Text == "/" ? "" : Text)}/{EscapedPath.FromBytes(path)}";

    private static SandboxFileException Refused(string path, string why, string hint)
    {
        const int Shown = 200;
        string shown = path.Length > Shown ? path[..Shown] + "..." : path;
        return new("path-refused", path, $"The path '{WorkspacePath.Printable(shown)}' cannot be used: {why}.", hint);
    }
}
