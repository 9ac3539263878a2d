using System.Threading.Channels;

namespace Glovebox.Execution;

/// <summary>Lets one execution after another have what only one can have at a time. So many may wait.</summary>
internal sealed class Turn
{
    private const int MaxWaiting = 1000;

    /// <summary>Full while somebody has the turn.</summary>
    private readonly Channel<bool> _taken = Channel.CreateBounded<bool>(1);
    private int _waiting;

    /// <summary>Waits for one's turn.</summary>
    /// <exception cref="CodeExecutionException">Too many wait already.</exception>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > MaxWaiting)
            {
                throw new CodeExecutionException(
                    "too-many-waiting",
                    $"{MaxWaiting} executions wait for this executor already.",
                    "Wait for some of them, or use more executors or contexts.");
            }

            await _taken.Writer.WriteAsync(true, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Leave() => _taken.Reader.TryRead(out _);
}
