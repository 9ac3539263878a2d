namespace Glovebox.Sandboxes.Files;

/// <summary>Reads what the service tells of a folder that is watched.</summary>
internal static class FileEvents
{
    /// <summary>How deep a path may be: as deep as paths are long.</summary>
    private const int MaxDepth = 4096;

    /// <exception cref="InvalidDataException">It is no event.</exception>
    public static SandboxFileEvent Read(FileAnswer answer, FilePath folder)
    {
        SandboxFileEventKind kind = answer.Event switch
        {
            "created" => SandboxFileEventKind.Created,
            "written" => SandboxFileEventKind.Written,
            "removed" => SandboxFileEventKind.Removed,
            "renamed" => SandboxFileEventKind.Renamed,
            "permissions" => SandboxFileEventKind.Permissions,
            "lost" => SandboxFileEventKind.Lost,
            "ended" => SandboxFileEventKind.Ended,
            _ => throw new InvalidDataException("an event is none"),
        };
        bool isOfFolder = kind is SandboxFileEventKind.Lost or SandboxFileEventKind.Ended;
        return new SandboxFileEvent(kind, isOfFolder ? folder.Text : Inside(answer.Path))
        {
            OldPath = kind == SandboxFileEventKind.Renamed ? Inside(answer.Old) : null,
            IsDirectory = isOfFolder || answer.Folder,
            Message = isOfFolder ? Words(answer.Reason) : null,
        };

        string Inside(byte[]? path) => folder.Inside(FileNews.Inside(path, MaxDepth));
    }

    private static string Words(string? reason) => reason switch
    {
        "overflow" => "Events came faster than they were read, and some are missing.",
        "limit" => "There are more folders than can be watched; what happens in some is not told.",
        "removed" => "The folder was deleted.",
        "moved" => "The folder was moved.",
        "unmounted" => "The file system of the folder was unmounted.",
        _ => throw new InvalidDataException("an event has no reason"),
    };
}
