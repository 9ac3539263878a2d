namespace Glovebox;

/// <summary>A sandbox failed. The message says what is wrong in words fit to show; <see cref="Hint"/> says what to do.</summary>
/// <remarks>A program that fails is not an error of this kind: it is a <see cref="CodeResult"/>.</remarks>
public class CodeExecutionException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="code">A short stable name, such as <c>bubblewrap-unavailable</c>.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="hint">What to do, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    public CodeExecutionException(string code, string message, string? hint = null, Exception? innerException = null)
        : base(message, innerException)
    {
        ArgumentException.ThrowIfNullOrEmpty(code);
        Code = code;
        Hint = hint;
    }

    /// <summary>Gets a short stable name for programs: lower-case words with hyphens, such as <c>bubblewrap-unavailable</c>.</summary>
    public string Code { get; }

    /// <summary>Gets what to do about it, or null.</summary>
    public string? Hint { get; }

    /// <summary>Describes the error as other exceptions do, with its code and its hint after the message: an error that ends a program in a
    /// console says what to do.</summary>
    /// <returns>The type, the message, the code, the hint if there is one, the causes and the stack.</returns>
    public override string ToString()
    {
        string text = base.ToString();
        string head = $"{GetType()}: {Message}";
        string ours = $" [{Code}]" + (Hint is null ? "" : Environment.NewLine + "Hint: " + Hint);

        // A subclass may describe itself otherwise.
        return text.StartsWith(head, StringComparison.Ordinal) ? head + ours + text[head.Length..] : text + ours;
    }
}

/// <summary>A sandbox cannot be started on this machine as it is.</summary>
/// <param name="code">A short stable name, such as <c>bubblewrap-unavailable</c>.</param>
/// <param name="message">What is wrong.</param>
/// <param name="hint">What to do, or null.</param>
/// <param name="innerException">The cause, or null.</param>
public sealed class SandboxUnavailableException(string code, string message, string? hint = null, Exception? innerException = null)
    : CodeExecutionException(code, message, hint, innerException);

/// <summary>A control that was asked for cannot be enforced here. Nothing was started: there is no silent downgrade.</summary>
/// <param name="message">Which control, and why not.</param>
/// <param name="hint">What to do, or null.</param>
public sealed class PolicyNotEnforceableException(string message, string? hint = null)
    : CodeExecutionException("policy-not-enforceable", message, hint);

/// <summary>The sandbox ended or stopped answering while it was used, and not by what a code block did.</summary>
/// <param name="message">What happened.</param>
/// <param name="hint">What to do, or null.</param>
/// <param name="innerException">The cause, or null.</param>
public sealed class SandboxLostException(string message, string? hint = null, Exception? innerException = null)
    : CodeExecutionException("sandbox-lost", message, hint, innerException);

/// <summary>The executor was stopped, restarted or disposed while this call was running. The code is dead.</summary>
public sealed class ExecutorStoppedException()
    : CodeExecutionException(
        "executor-stopped", "The executor was stopped, restarted or disposed while code was running; the code was ended.");

/// <summary>A file of the work directory cannot be used as asked: its path is refused, or it cannot be read or written.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="hint">What to do, or null.</param>
/// <param name="innerException">The cause, or null.</param>
public sealed class WorkspaceException(string message, string? hint = null, Exception? innerException = null)
    : CodeExecutionException("workspace", message, hint, innerException)
{
    /// <summary>Gets whether the path itself was refused: outside the work directory, absolute, through a link, or not a valid
    /// name.</summary>
    public bool IsPathRefused { get; init; }

    /// <summary>Gets whether there is no such file.</summary>
    public bool IsNotFound { get; init; }
}
