using System.Runtime.CompilerServices;

namespace Glovebox.Middleware;

/// <summary>Follows one execution without changing it. Its members are called one at a time.</summary>
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

                observer.Received(enumerator.Current);
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
                observer.Ended(end);
            }
        }
    }

    /// <summary>The executor within is about to go on, in the execution context of this call.</summary>
    protected virtual void Resuming()
    {
    }

    protected abstract void Received(CodeExecutionUpdate update);

    protected abstract void Failed(Exception exception, bool isCancellation);

    /// <summary>Nothing follows.</summary>
    protected abstract void Ended(ExecutionEnd end);
}

/// <summary>How an enumeration of updates ended.</summary>
internal enum ExecutionEnd
{
    Completed,
    Failed,

    /// <summary>The caller did not read on.</summary>
    LeftEarly,
}
