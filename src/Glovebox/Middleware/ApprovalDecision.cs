namespace Glovebox.Middleware;

/// <summary>Whether a code block may run.</summary>
public sealed class ApprovalDecision
{
    private static readonly ApprovalDecision Approved = new(true, null);

    private ApprovalDecision(bool isApproved, string? reason)
    {
        IsApproved = isApproved;
        Reason = reason;
    }

    /// <summary>Gets whether the block may run.</summary>
    public bool IsApproved { get; }

    /// <summary>Gets why it may not; null when it may.</summary>
    public string? Reason { get; }

    /// <summary>Lets the block run.</summary>
    public static ApprovalDecision Approve() => Approved;

    /// <summary>Ends the execution before the block.</summary>
    /// <param name="reason">Why, fit to be shown to the model that wrote the code.</param>
    public static ApprovalDecision Deny(string? reason = null) =>
        new(false, string.IsNullOrWhiteSpace(reason) ? "No reason was given." : reason);
}
