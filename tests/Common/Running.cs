using System.Text;

namespace Glovebox.Tests.Common;

/// <summary>An execution that runs while the test goes on.</summary>
public sealed class Running
{
    private readonly Lock _lock = new();
    private readonly List<CodeExecutionUpdate> _updates = [];
    private readonly StringBuilder _output = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _waiting = [];

    public Running(IAsyncEnumerable<CodeExecutionUpdate> updates) => Completion = ReadAsync(updates);

    /// <summary>The result, or the exception.</summary>
    public Task<CodeResult> Completion { get; }

    public IReadOnlyList<CodeExecutionUpdate> Updates
    {
        get
        {
            lock (_lock)
            {
                return [.. _updates];
            }
        }
    }

    /// <summary>Waits until the program has printed something; fails when it ends without.</summary>
    public async Task PrintsAsync(string text)
    {
        TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Add((text, seen));
            Tell();
        }

        Task first = await Task.WhenAny(seen.Task, Completion).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        if (!seen.Task.IsCompleted)
        {
            await first;
            Assert.Fail($"The program ended without printing '{text}'. It printed: {_output}");
        }
    }

    private async Task<CodeResult> ReadAsync(IAsyncEnumerable<CodeExecutionUpdate> updates)
    {
        // The updates must be read even while the test holds its thread.
        await Task.Yield();
        await foreach (CodeExecutionUpdate update in updates)
        {
            lock (_lock)
            {
                _updates.Add(update);
                if (update is OutputReceivedUpdate output)
                {
                    _output.Append(output.Text);
                    Tell();
                }
            }
        }

        return new CodeResult([.. Updates.OfType<BlockCompletedUpdate>().Select(u => u.Result)]);
    }

    private void Tell()
    {
        string output = _output.ToString();
        foreach ((_, TaskCompletionSource seen) in _waiting.Where(w => output.Contains(w.Text, StringComparison.Ordinal)))
        {
            seen.TrySetResult();
        }
    }
}
