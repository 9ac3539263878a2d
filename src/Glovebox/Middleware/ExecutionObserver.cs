using System.Runtime.CompilerServices;

namespace Glovebox.Middleware;

/// <summary>Follows one execution, and can end it but not change it. Its members are called one at a time.</summary>
internal abstract class ExecutionObserver
{
    /// <summary>Passes updates on and shows them to an observer.</summary>
    /// <param name="updates">The execution.</param>
    /// <param name="begin">Makes the observer when the enumeration begins.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public static async IAsyncEnumerable<CodeExecutionUpdate> FollowAsync(
        IAsyncEnumerable<CodeExecutionUpdate> updates,
        Func<ExecutionObserver> begin,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ExecutionObserver observer = begin();
        await observer.BeganAsync(cancellationToken).ConfigureAwait(false);
        ExecutionEnd end = ExecutionEnd.LeftEarly;
        IAsyncEnumerator<CodeExecutionUpdate> enumerator = updates.GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                try
                {
                    observer.Resuming();
                    if (!await enumerator.MoveNextAsync().ConfigureAwait(false))
                    {
                        end = ExecutionEnd.Completed;
                        break;
                    }
                }
                catch (Exception e)
                {
                    end = ExecutionEnd.Failed;
                    observer.Failed(e, e is OperationCanceledException && cancellationToken.IsCancellationRequested);
                    throw;
                }

                await observer.ReceivedAsync(enumerator.Current).ConfigureAwait(false);
                yield return enumerator.Current;
            }
        }
        finally
        {
            try
            {
                await enumerator.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                await observer.EndedAsync(end).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Nothing has been asked of the executor within. An exception ends the execution before it begins.</summary>
    protected virtual ValueTask BeganAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The executor within is about to go on, in the execution context of this call.</summary>
    protected virtual void Resuming()
    {
    }

    /// <summary>The reader gets the update next. An exception ends the execution.</summary>
    protected abstract ValueTask ReceivedAsync(CodeExecutionUpdate update);

    protected abstract void Failed(Exception exception, bool isCancellation);

    /// <summary>Nothing follows, and the code has ended.</summary>
    protected abstract ValueTask EndedAsync(ExecutionEnd end);
}

/// <summary>How an enumeration of updates ended.</summary>
internal enum ExecutionEnd
{
    Completed,
    Failed,

    /// <summary>The caller did not read on, or the observer did not let it.</summary>
    LeftEarly,
}
