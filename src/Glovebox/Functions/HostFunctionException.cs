namespace Glovebox.Functions;

/// <summary>Thrown by a host function to tell guest code, and so the model that wrote it, what went wrong: <b>its message reaches the guest
/// as it is</b>. The message of any other exception does not; guest code then learns only that the function failed.</summary>
/// <remarks>Python code gets a <c>HostFunctionError</c> with the message. Inner exceptions stay on the host.</remarks>
public class HostFunctionException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">Fit to be read by hostile code: no secrets, no paths of the host.</param>
    /// <param name="innerException">The cause, or null. It stays on the host.</param>
    public HostFunctionException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
