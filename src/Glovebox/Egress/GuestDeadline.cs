namespace Glovebox.Egress;

/// <summary>Until when the guest has to have said something.</summary>
internal sealed class GuestDeadline : IDisposable
{
    private readonly CancellationTokenSource _late;
    private readonly CancellationTokenSource _either;

    public GuestDeadline(TimeSpan after, TimeProvider time, CancellationToken over)
    {
        _late = new CancellationTokenSource(after, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_late.Token, over);
    }

    /// <summary>Cancelled when it is too late, or the connection is to end.</summary>
    public CancellationToken Token => _either.Token;

    public void Dispose()
    {
        _either.Dispose();
        _late.Dispose();
    }
}
