using System.Runtime.CompilerServices;

namespace Glovebox.Server.Sessions;

/// <summary>What happened in a session, for those who watch it: the latest events, bounded, and those to come. Who falls behind is told
/// what is missing.</summary>
internal sealed class SessionJournal
{
    public const int MaxEvents = 2000;
    public const int MaxBytes = 4 << 20;

    private readonly Lock _lock = new();
    private readonly Queue<JournalEntry> _entries = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _next = 1;
    private long _bytes;
    private bool _isOver;

    /// <summary>Adds an event.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="json">The event as clients get it.</param>
    public void Add(string kind, ReadOnlyMemory<byte> json)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _entries.Enqueue(new(_next++, kind, json));
            _bytes += json.Length;
            while (_entries.Count > MaxEvents || (_bytes > MaxBytes && _entries.Count > 1))
            {
                _bytes -= _entries.Dequeue().Json.Length;
            }

            (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.TrySetResult();
    }

    /// <summary>Ends the journal: nothing comes any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isOver = true;
            _changed.TrySetResult();
        }
    }

    /// <summary>Reads the events after a number, and those that come, until the session ends.</summary>
    /// <param name="after">The number of the last event that is known; 0 for none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<JournalEntry> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            JournalEntry[] entries;
            Task changed;
            bool isOver;
            lock (_lock)
            {
                // A number from before a restart of the server is beyond all that there are.
                after = Math.Min(after, _next - 1);
                entries = [.. _entries.Where(e => e.Number > after)];
                (changed, isOver) = (_changed.Task, _isOver);
            }

            if (entries.Length > 0 && entries[0].Number > after + 1 && after > 0)
            {
                yield return JournalEntry.Gap(entries[0].Number - 1, entries[0].Number - 1 - after);
            }

            foreach (JournalEntry entry in entries)
            {
                yield return entry;
                after = entry.Number;
            }

            if (entries.Length == 0)
            {
                if (isOver)
                {
                    yield break;
                }

                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}

/// <summary>One event of a session.</summary>
internal readonly record struct JournalEntry(long Number, string Kind, ReadOnlyMemory<byte> Json)
{
    public static JournalEntry Gap(long number, long missing) =>
        new(number, "gap", System.Text.Encoding.UTF8.GetBytes($$"""{"missing":{{missing}}}"""));
}
