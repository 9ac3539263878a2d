using System.Diagnostics;
using static Glovebox.Tests.Common.Contract.Deadline;

namespace Glovebox.Tests.Common.Contract;

/// <summary>Output without end, beside the host's memory. Nothing else runs meanwhile, so that what is measured is ours: each test project
/// defines the collection.</summary>
[Collection("Floods")]
public abstract class FloodConformance(ExecutorKind kind)
{
    /// <summary>Well above the megabyte that is kept, in text and in copies; far below what is printed.</summary>
    private const long Growth = 64 << 20;

    [Fact]
    public async Task A_line_of_a_quarter_gigabyte_is_bounded_and_so_is_the_hosts_memory()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await FlatAsync(() => session.BashAsync("head -c 268435456 /dev/zero | tr '\\0' x; echo end"));
        Assert.Equal(0, result.ExitCode);
        AssertBounded(result, 'x');
        Assert.EndsWith("xend\n", result.Output, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"[... {(1L << 28) + 4 - (1 << 20)} bytes dropped ...]"), result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_for_the_whole_timeout_is_bounded_and_so_is_the_hosts_memory()
    {
        TimeSpan timeout = TimeSpan.FromSeconds(1.5);
        await using Session session = await Session.StartAsync(kind, new() { Timeout = timeout, TimeProvider = new RealClock() });
        long started = Stopwatch.GetTimestamp();
        CodeResult result = await FlatAsync(() => session.BashAsync("yes"));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, timeout + Grace);
        Assert.True(result.Blocks[0].TimedOut);
        AssertBounded(result, 'y');
        Assert.EndsWith("the program was ended.\n", result.Output, StringComparison.Ordinal);
        Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
    }

    [Fact]
    public async Task A_flood_in_single_bytes_on_both_streams_is_bounded_and_so_is_the_hosts_memory()
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = 1 << 16 });
        CodeResult result = await FlatAsync(() => session.PythonAsync("import os\nfor i in range(200_000): os.write(1 + i % 2, b'x')"));
        Assert.Equal(0, result.ExitCode);
        AssertBounded(result, 'x', 1 << 16);
    }

    private static void AssertBounded(CodeResult result, char first, int bound = 1 << 20)
    {
        Assert.True(result.Blocks[0].Truncated);
        Assert.Equal(first, result.Output[0]);
        Assert.InRange(result.Output.Length, bound, bound + 200);
    }

    /// <summary>Fails when the process grows while something runs.</summary>
    private static async Task<CodeResult> FlatAsync(Func<Task<CodeResult>> run)
    {
        using Process self = Process.GetCurrentProcess();
        long heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        long before = WorkingSet();
        Task<CodeResult> running = run();
        long heap = 0, workingSet = 0;
        while (!running.IsCompleted)
        {
            heap = Math.Max(heap, GC.GetTotalMemory(forceFullCollection: false));
            workingSet = Math.Max(workingSet, WorkingSet());
            await Task.WhenAny(running, Task.Delay(20, TestContext.Current.CancellationToken));
        }

        Assert.InRange(heap - heapBefore, long.MinValue, Growth);
        Assert.InRange(workingSet - before, long.MinValue, Growth);
        return await running;

        long WorkingSet()
        {
            self.Refresh();
            return self.WorkingSet64;
        }
    }
}
