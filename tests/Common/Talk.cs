using System.Text;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common;

/// <summary>A process that a test talks to, and all that it printed.</summary>
public sealed class Talk
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Talk(ISandboxProcess process)
    {
        Process = process;
        Listening = ListenAsync();
    }

    public ISandboxProcess Process { get; }

    /// <summary>Completes when the process has ended and all was read.</summary>
    public Task Listening { get; }

    public string Text
    {
        get
        {
            lock (_lock)
            {
                return _text.ToString();
            }
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<Talk> StartAsync(ISandbox sandbox, ProcessRequest request) => new(await sandbox.StartProcessAsync(request, Ct));

    /// <summary>Listens to a process that runs already.</summary>
    public static Talk With(ISandboxProcess process) => new(process);

    public Task WriteAsync(string text) => Process.WriteAsync(Encoding.UTF8.GetBytes(text), Ct);

    /// <summary>Waits until the process has printed something; fails when it ends without.</summary>
    public async Task PrintsAsync(string text)
    {
        using CancellationTokenSource longest = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        longest.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_text.ToString().Contains(text, StringComparison.Ordinal))
                {
                    return;
                }

                more = _more.Task;
            }

            Assert.False(Listening.IsCompleted && !more.IsCompleted, $"The process ended without printing '{text}': {Text}");
            try
            {
                await Task.WhenAny(more, Listening).WaitAsync(longest.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"The process did not print '{text}': {Text}");
            }
        }
    }

    /// <summary>Waits for the end, and gives the exit and all that was printed.</summary>
    public async Task<(int ExitCode, string Text)> EndAsync()
    {
        Task ended = Task.WhenAll(Process.Ended, Listening);
        Assert.True(ended == await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(60), Ct)), $"The process did not end. It printed: {Text}");
        return ((await Process.Ended).ExitCode, Text);
    }

    private async Task ListenAsync()
    {
        await foreach (ProcessOutput output in Process.ReadOutputAsync(Ct))
        {
            lock (_lock)
            {
                _text.Append(output.Missed > 0 ? $"[{output.Missed} bytes]" : "").Append(Encoding.UTF8.GetString(output.Data.Span));
                _more.TrySetResult();
                _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
