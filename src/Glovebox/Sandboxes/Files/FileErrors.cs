namespace Glovebox.Sandboxes.Files;

/// <summary>The errors by which operations on files of a sandbox fail.</summary>
internal static class FileErrors
{
    public const string NotFound = "file-not-found";

    /// <summary>The error for a word of the service's. Any word can come; the text is ours.</summary>
    public static SandboxFileException Of(string word, string path)
    {
        (string code, string what, string? hint) = word switch
        {
            "ENOENT" => (NotFound, "is not there, or a folder on the way to it", (string?)null),
            "EEXIST" => ("file-exists", "is there already", "Delete it first, or allow that it is replaced."),
            "EACCES" or "EPERM" => ("permission-denied", "is not for guest code to use so", "See its permissions and its owner."),
            "EROFS" => ("read-only", "is on a file system that cannot be written", "Use the work directory, or /tmp."),
            "ENOTDIR" => ("not-a-directory", "is not a folder, or something on the way to it is not", null),
            "EISDIR" => ("is-a-directory", "is a folder", null),
            "NOTREGULAR" or "ENXIO" or "ENODEV" => ("not-a-file", "is not a regular file", "A pipe, a socket or a device is not opened."),
            "ENOTEMPTY" => ("directory-not-empty", "is a folder that is not empty", "Delete it recursively."),
            "ENOSPC" or "EDQUOT" or "EFBIG" =>
                ("disk-full", "does not fit: the disk is full, or a limit is reached", "Make room, or raise the limit."),
            "ELOOP" => ("too-many-links", "passes through too many links", null),
            "ENAMETOOLONG" => ("path-refused", "has a name that is too long", null),
            "NEEDED" => ("path-refused", "is the work directory, or what that is in", "Delete or move what is in it."),
            "EXDEV" =>
                ("other-file-system", "is a folder, and cannot be moved to another file system", "Move its files, or let code copy it."),
            "CHANGED" => ("file-busy", "was moved while it was deleted", "Try again."),
            "EBUSY" or "ETXTBSY" or "EAGAIN" => ("file-busy", "is in use", null),
            "WATCHLIMIT" => ("watch-limit", "has more folders than can be watched", "Watch a smaller part, or not recursively."),
            "ENOMEM" or "EMFILE" or "ENFILE" or "THREADS" => (
                "out-of-resources",
                "cannot be used: memory, processes or open files are used up",
                "End what runs there, or raise the limits of Policy."),
            _ => ("file-failed", $"cannot be used so ({WorkspacePath.Printable(word.Length > 40 ? word[..40] : word)})", null),
        };
        return new SandboxFileException(code, path, $"'{WorkspacePath.Printable(path)}' {what}.", hint);
    }

    public static SandboxFileException TooMany(string path, int most) => new(
        "too-many-operations",
        path,
        $"'{WorkspacePath.Printable(path)}' cannot be used: there are {most} operations on files at the same time.",
        "Dispose streams that were read, and end watches.");

    public static SandboxFileException Ended(string path, Exception cause) => new(
        "file-service-failed",
        path,
        $"'{WorkspacePath.Printable(path)}' cannot be used: what reaches the files in the sandbox has ended meanwhile.",
        "Try again: the next operation starts it again.",
        cause);

    public static SandboxFileException Nonsense(string path, Exception cause) => new(
        "file-service-failed",
        path,
        $"'{WorkspacePath.Printable(path)}' cannot be used: what reaches the files in the sandbox answers nonsense.",
        "Guest code has taken its place. The next operation starts it again.",
        cause);
}
