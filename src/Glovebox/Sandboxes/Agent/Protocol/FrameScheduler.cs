using System.IO.Pipelines;

namespace Glovebox.Sandboxes.Agent.Protocol;

/// <summary>Puts off what a frame sets going until the channel is being read again, and has it run on the thread that read the
/// frame.</summary>
/// <remarks>Handing each frame to another thread costs more than most calls of functions do; running it before reading on would let a slow
/// function hold up the channel.</remarks>
internal sealed class FrameScheduler : PipeScheduler
{
    private readonly List<Work> _work = [];
    private int _handler;

    /// <summary>Says that from now on this thread handles frames.</summary>
    public void Begin() => Volatile.Write(ref _handler, Environment.CurrentManagedThreadId);

    public override void Schedule(Action<object?> action, object? state)
    {
        Work work = new(action, state);
        if (Volatile.Read(ref _handler) == Environment.CurrentManagedThreadId)
        {
            _work.Add(work);
        }
        else
        {
            Queue(work);
        }
    }

    /// <summary>Takes what was put off, once frames are handled: the first piece for this thread to run when another can read on, the
    /// others go to the pool.</summary>
    /// <returns>Null when there is nothing.</returns>
    public Action? Take()
    {
        if (_work.Count == 0)
        {
            return null;
        }

        Work first = _work[0];
        _work.RemoveAt(0);
        QueueAll();
        return () => first.Action(first.State);
    }

    /// <summary>Gives all that was put off to the pool; what comes now goes there, too.</summary>
    public void QueueAll()
    {
        Volatile.Write(ref _handler, 0);
        foreach (Work work in _work)
        {
            Queue(work);
        }

        _work.Clear();
    }

    private static void Queue(Work work) => ThreadPool.Schedule(work.Action, work.State);

    private readonly record struct Work(Action<object?> Action, object? State);
}
