using System.Text.Json.Serialization;

namespace Glovebox.Sandboxes.Files;

/// <summary>The JSON that goes to the file service and comes from it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FileOrder))]
[JsonSerializable(typeof(FileAnswer))]
internal sealed partial class FileJson : JsonSerializerContext;

/// <summary>What is asked for.</summary>
/// <param name="Operation">Its name.</param>
/// <param name="Path">The path.</param>
internal sealed record FileOrder(string Operation, byte[] Path)
{
    public bool Follows { get; init; }

    public int Depth { get; init; }

    /// <summary>How many entries, or folders, at most.</summary>
    public int Most { get; init; }

    /// <summary>How many bytes of paths and link targets at most.</summary>
    public int Room { get; init; }

    public long Offset { get; init; }

    public long? Length { get; init; }

    public bool Append { get; init; }

    public bool Parents { get; init; }

    public int? Mode { get; init; }

    public byte[]? To { get; init; }

    public bool Overwrites { get; init; }

    public bool Recursive { get; init; }

    /// <summary>The work directory.</summary>
    public byte[]? Work { get; init; }
}

/// <summary>A line of an answer. Hostile.</summary>
internal sealed record FileAnswer
{
    /// <summary>The service's first line: the version of what it speaks.</summary>
    public int? Files { get; init; }

    /// <summary>Not null: it was not done, and this is the word for the reason.</summary>
    public string? Error { get; init; }

    /// <summary>Whether there was something to do.</summary>
    public bool? Done { get; init; }

    public FileNews? File { get; init; }

    /// <summary>Whether a list ends here.</summary>
    public bool End { get; init; }

    public bool Complete { get; init; }

    /// <summary>Not null: what happened in a folder.</summary>
    public string? Event { get; init; }

    /// <summary>Where, seen from the folder.</summary>
    public byte[]? Path { get; init; }

    public byte[]? Old { get; init; }

    public bool Folder { get; init; }

    public string? Reason { get; init; }
}

/// <summary>What is said of a file. Hostile.</summary>
internal sealed record FileNews(
    string? Kind, long Size, int Mode, uint User, uint Group, long Modified, byte[]? Target, byte[]? Path)
{
    private const int AllPermissions = 0xFFF;

    /// <summary>How many bytes its path and its target are.</summary>
    public int Length => (Path?.Length ?? 0) + (Target?.Length ?? 0);

    /// <exception cref="InvalidDataException">It is what no file is.</exception>
    public SandboxFile ToFile(string path) => Size < 0 || Mode is < 0 or > AllPermissions
        ? throw new InvalidDataException("a file is what no file is")
        : new SandboxFile(path, Kind switch
        {
            "file" => SandboxFileKind.File,
            "directory" => SandboxFileKind.Directory,
            "link" => SandboxFileKind.Link,
            "other" => SandboxFileKind.Other,
            _ => throw new InvalidDataException("a file is what no file is"),
        })
        {
            Size = Size,
            Permissions = (UnixFileMode)Mode,
            UserId = User,
            GroupId = Group,
            LastModified = DateTimeOffset.UnixEpoch.AddTicks(Modified / TimeSpan.NanosecondsPerTick),
            LinkTarget = Target is null ? null : EscapedPath.FromBytes(Target),
        };

    /// <summary>The bytes of a path seen from a folder.</summary>
    /// <exception cref="InvalidDataException">It leads elsewhere, or deeper than was asked for.</exception>
    public static byte[] Inside(byte[]? path, int depth)
    {
        int levels = 0;
        foreach (Range name in (path ?? []).AsSpan().Split((byte)'/'))
        {
            ReadOnlySpan<byte> part = path.AsSpan()[name];
            if (part.IsEmpty || part.SequenceEqual("."u8) || part.SequenceEqual(".."u8) || part.Contains((byte)0) || ++levels > depth)
            {
                throw new InvalidDataException("a path leads out of its folder");
            }
        }

        return levels > 0 ? path! : throw new InvalidDataException("a path is missing");
    }
}
