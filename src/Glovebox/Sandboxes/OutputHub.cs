using System.Runtime.CompilerServices;

namespace Glovebox.Sandboxes;

/// <summary>Hands on what a process prints: to the sink of its request, and to listeners that come and go.</summary>
/// <param name="request">The process.</param>
internal sealed class OutputHub(ProcessRequest request) : IOutputSink
{
    /// <summary>How many bytes wait for one listener at most, where the backlog is not larger.</summary>
    public const int ListenerBound = 1 << 20;

    private readonly Lock _lock = new();
    private readonly IOutputSink _sink = request.Output ?? NoOutput.Instance;
    private readonly OutputBuffer _backlog = new(request.OutputBacklog);
    private Listener[] _listeners = [];
    private bool _isOver;

    /// <summary>Whether there can be listeners: a process that keeps nothing for them has none.</summary>
    private readonly bool _isHeard = request.OutputBacklog > 0;

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        _sink.Write(stream, data);
        if (!_isHeard)
        {
            return;
        }

        lock (_lock)
        {
            _backlog.Write(stream, data);
            foreach (Listener listener in _listeners)
            {
                listener.Pending.Write(stream, data);
                listener.More.TrySetResult();
            }
        }
    }

    /// <summary>Says that the process has ended, and all that it printed is here.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isOver = true;
            foreach (Listener listener in _listeners)
            {
                listener.More.TrySetResult();
            }
        }
    }

    /// <summary>Gives the backlog, and then what is printed, until the process has ended.</summary>
    public async IAsyncEnumerable<ProcessOutput> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_isHeard)
        {
            throw new InvalidOperationException($"The process was started with an {nameof(ProcessRequest.OutputBacklog)} of 0.");
        }

        Listener listener = new(Math.Max(ListenerBound, request.OutputBacklog));
        lock (_lock)
        {
            _backlog.CopyTo(listener.Pending);
            _listeners = [.. _listeners, listener];
        }

        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ProcessOutput? next;
                Task more;
                bool isOver;
                lock (_lock)
                {
                    next = listener.Pending.Take();
                    isOver = _isOver;
                    if (listener.More.Task.IsCompleted)
                    {
                        listener.More = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    }

                    more = listener.More.Task;
                }

                if (next is not null)
                {
                    yield return next;
                }
                else if (isOver)
                {
                    yield break;
                }
                else
                {
                    await more.WaitAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            lock (_lock)
            {
                _listeners = [.. _listeners.Where(l => l != listener)];
            }
        }
    }

    private sealed class Listener(int bound)
    {
        public OutputBuffer Pending { get; } = new(bound);

        public TaskCompletionSource More { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
