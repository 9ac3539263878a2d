using System.Runtime;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Local;

namespace Glovebox.Tests.Contract.Executors;

/// <summary>What processes leave open in ours. Nothing else runs meanwhile.</summary>
[Collection("Floods")]
public sealed class DescriptorTests
{
    private const int Count = 40;
    private const long Garbage = 100 << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static int Open => Directory.GetFiles("/proc/self/fd").Length;

    /// <summary>.NET leaves the pipes to the collection of garbage, which may be long in coming.</summary>
    [Fact]
    public async Task Processes_that_have_ended_leave_no_pipe_open()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new LocalSandboxProvider().StartAsync(request, Ct);
        await RunAsync(sandbox);
        int before = Open;
        Assert.True(GC.TryStartNoGCRegion(Garbage));
        try
        {
            for (int i = 0; i < Count; i++)
            {
                await RunAsync(sandbox);
            }

            await Eventually.AreBuriedAsync(() => Open < before + (Count / 2), "their pipes are closed");
        }
        finally
        {
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            {
                GC.EndNoGCRegion();
            }
        }
    }

    private static async Task RunAsync(ISandbox sandbox)
    {
        ISandboxProcess process = await sandbox.StartProcessAsync(new(["true"], []) { KeepsInputOpen = true }, Ct);
        await process.Ended;
    }
}
