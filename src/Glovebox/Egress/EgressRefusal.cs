namespace Glovebox.Egress;

/// <summary>What guest code asked for is refused, or could not be had.</summary>
/// <param name="reason">A short stable name.</param>
/// <param name="message">One line for the guest.</param>
/// <param name="status">The status of the HTTP answer.</param>
internal sealed class EgressRefusal(string reason, string message, int status = 403) : Exception(message)
{
    public string Reason => reason;

    public int Status => status;
}
