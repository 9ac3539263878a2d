namespace Glovebox.Sandboxes;

/// <summary>Something that happened in a folder that is watched. It is the guest's word.</summary>
/// <param name="kind">What happened.</param>
/// <param name="path">The absolute path.</param>
public sealed class SandboxFileEvent(SandboxFileEventKind kind, string path)
{
    /// <summary>Gets what happened.</summary>
    public SandboxFileEventKind Kind => kind;

    /// <summary>Gets the absolute path, after a rename the new one; for what concerns the watching itself, the folder's. As
    /// <see cref="SandboxFile.Path"/>.</summary>
    public string Path => path;

    /// <summary>Gets the path before a rename. Null: it was none.</summary>
    public string? OldPath { get; init; }

    /// <summary>Gets whether the path is that of a folder.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>Gets why events are missing, or why the watching has ended, in words. Null: nothing of that kind.</summary>
    public string? Message { get; init; }
}

/// <summary>What happened in a folder that is watched.</summary>
public enum SandboxFileEventKind
{
    /// <summary>The watching has begun.</summary>
    Started,

    /// <summary>A file or folder was made, or moved into the folder.</summary>
    Created,

    /// <summary>A file was written. Many writes in a row may be one event.</summary>
    Written,

    /// <summary>A file or folder was deleted, or moved out of the folder, which is told a moment later.</summary>
    Removed,

    /// <summary>A file or folder was moved within the folder.</summary>
    Renamed,

    /// <summary>Permissions, owner, times or the number of names were changed.</summary>
    Permissions,

    /// <summary>Events are missing: they came faster than they were read, or there are too many folders.</summary>
    Lost,

    /// <summary>The folder was deleted, moved or unmounted. This is the last event.</summary>
    Ended,
}
