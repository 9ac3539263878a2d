using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Bench;

/// <summary>What each of the agent's shortcuts buys alone: the table of <c>docs/performance.md</c>.</summary>
internal sealed class ShortcutBenchmarks : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _used = [];

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        const string Python = "/usr/bin/python3";
        Benchmark bare = new("bare: python3 -c 'print(1)'", () => SessionBenchmarks.BareAsync(Python, SessionBenchmarks.Python.Code));
        Benchmark twoBare = SessionBenchmarks.TwoBare(Python);
        List<Benchmark> found = [bare, twoBare];
        foreach (Shortcuts shortcuts in
            (Shortcuts[])[Shortcuts.None, Shortcuts.EndEarly, Shortcuts.ForkAhead, Shortcuts.CompiledAgent, Shortcuts.All])
        {
            ICodeExecutor one = await StartAsync(shortcuts), other = await StartAsync(shortcuts);
            found.Add(new($"{shortcuts}: a python block", () => SessionBenchmarks.BlockAsync(one, SessionBenchmarks.Python))
            {
                Baseline = bare,
            });
            found.Add(SessionBenchmarks.RightAfter($"{shortcuts}", one, bare, goal: null));
            found.Add(SessionBenchmarks.AtOnce($"{shortcuts}", one, other, twoBare, goal: null));
            found.Add(new(
                $"{shortcuts}: a new session and its first python block", () => SessionBenchmarks.NewSessionAsync(Make(shortcuts)))
            { Baseline = bare });
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable used in _used)
        {
            await used.DisposeAsync();
        }
    }

    private static BubblewrapCommandLineCodeExecutor Make(Shortcuts shortcuts) =>
        new(new(), new BubblewrapInternals { Shortcuts = shortcuts });

    private async Task<ICodeExecutor> StartAsync(Shortcuts shortcuts)
    {
        BubblewrapCommandLineCodeExecutor executor = Make(shortcuts);
        _used.Add(executor);
        await executor.StartAsync();
        return executor;
    }
}
