namespace Glovebox.Functions;

/// <summary>The functions of an executor could not be set up: a package was not installed, or the module does not load.</summary>
/// <param name="message">What went wrong, with pip's or Python's own last lines.</param>
/// <param name="hint">What to do, or null.</param>
/// <param name="innerException">The cause, or null.</param>
public sealed class FunctionSetupException(string message, string? hint = null, Exception? innerException = null)
    : CodeExecutionException("function-setup-failed", message, hint, innerException);
