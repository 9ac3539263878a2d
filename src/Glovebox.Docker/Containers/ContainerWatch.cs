using System.Globalization;
using Glovebox.Docker.Engine;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>Listens to what the engine tells of one container: who ended it, and why. Afterwards the engine has forgotten it.</summary>
internal sealed class ContainerWatch : IProgress<Message>, IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<ContainerEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _listening;
    private volatile TaskCompletionSource _outOfMemory = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _wasOutOfMemory;
    private volatile bool _wasKilled;

    public ContainerWatch(IDockerClient client, string container) => _listening = ListenAsync(client, container);

    /// <summary>Waits a moment for the news of the container's end.</summary>
    /// <returns>How it ended; null when the engine does not tell.</returns>
    public async Task<ContainerEnd?> EndAsync(TimeSpan longest, CancellationToken kill)
    {
        await Task.WhenAny(_ended.Task, _listening, Task.Delay(longest, kill)).ConfigureAwait(false);
        return _ended.Task.IsCompletedSuccessfully ? await _ended.Task.ConfigureAwait(false) : null;
    }

    /// <summary>Waits a moment for the news that memory has run out since this was last asked, and forgets it: one time brings several
    /// pieces of news.</summary>
    public async ValueTask<bool> TakeOutOfMemoryAsync(TimeSpan longest)
    {
        Task news = _outOfMemory.Task;
        if (longest > TimeSpan.Zero)
        {
            await Task.WhenAny(news, _listening, Task.Delay(longest)).ConfigureAwait(false);
        }

        if (!news.IsCompleted)
        {
            return false;
        }

        _outOfMemory = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    /// <summary>Takes one piece of news.</summary>
    public void Report(Message value)
    {
        switch (value.Action)
        {
            case "oom":
                _wasOutOfMemory = true;
                _outOfMemory.TrySetResult();
                break;
            case "kill" or "stop":
                _wasKilled = true;
                break;
            case "die" or "died":
                string? code = null;
                _ = value.Actor?.Attributes?.TryGetValue("exitCode", out code);
                _ended.TrySetResult(new ContainerEnd(
                    _wasOutOfMemory, _wasKilled, int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                        ? number
                        : null));
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task ListenAsync(IDockerClient client, string container)
    {
        ContainerEventsParameters parameters = new()
        {
            Filters = new Dictionary<string, IDictionary<string, bool>>
            {
                ["type"] = new Dictionary<string, bool> { ["container"] = true },
                ["container"] = new Dictionary<string, bool> { [container] = true },
                ["event"] = new Dictionary<string, bool> { ["oom"] = true, ["kill"] = true, ["die"] = true },
            },
        };
        try
        {
            await client.System.MonitorEventsAsync(parameters, this, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (EngineErrors.IsLoss(e) || e is OperationCanceledException)
        {
            // No more news: what is asked for is then not known.
        }
    }
}

/// <summary>How a container ended: whether memory had run out, whether the engine was asked to end it, and its exit code if that is
/// known.</summary>
internal sealed record ContainerEnd(bool IsOutOfMemory, bool IsKilled, int? ExitCode);
