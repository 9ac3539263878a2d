namespace Glovebox.Sandboxes;

/// <summary>A file of a sandbox cannot be used as asked (<see cref="ISandboxFiles"/>).</summary>
/// <remarks>
/// The codes: <c>path-refused</c> (empty, with NUL, too long, or the work directory where that must stay), <c>file-not-found</c>,
/// <c>file-exists</c>, <c>permission-denied</c>, <c>read-only</c>, <c>not-a-directory</c>, <c>is-a-directory</c>, <c>not-a-file</c> (a
/// pipe, a socket or a device), <c>directory-not-empty</c>, <c>disk-full</c>, <c>too-many-links</c>, <c>other-file-system</c>,
/// <c>file-busy</c>, <c>watch-limit</c>, <c>too-many-operations</c>, <c>out-of-resources</c>, <c>file-too-large</c> (to be read
/// whole); <c>file-failed</c> for any other reason of the kernel's;
/// <c>file-service-failed</c> when what works in the sandbox has ended or answers nonsense, which is guest code's doing.
/// </remarks>
public sealed class SandboxFileException : CodeExecutionException
{
    /// <summary>Makes an error.</summary>
    /// <param name="code">A short stable name, such as <c>file-not-found</c>.</param>
    /// <param name="path">The path that was asked for.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="hint">What to do, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    public SandboxFileException(string code, string path, string message, string? hint = null, Exception? innerException = null)
        : base(code, message, hint, innerException) => Path = path;

    /// <summary>Gets the path, absolute where it could be read at all. Guest code may have chosen it: it may hold control
    /// characters.</summary>
    public string Path { get; }
}
