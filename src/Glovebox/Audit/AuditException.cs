namespace Glovebox.Audit;

/// <summary>An audit event cannot be kept, or an audit file cannot be used. Its code is <c>audit-failed</c>.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="hint">What to do, or null.</param>
/// <param name="innerException">The cause, or null.</param>
public sealed class AuditException(string message, string? hint = null, Exception? innerException = null)
    : CodeExecutionException(ErrorCode, message, hint, innerException)
{
    internal const string ErrorCode = "audit-failed";
}
