using System.Collections.Concurrent;
using System.Globalization;

namespace Glovebox.Sandboxes.Host;

/// <summary>The thread that starts all sandboxes.</summary>
/// <remarks>The kernel sends the parent-death signal when the <i>thread</i> that started a child ends, and threads of the pool come and go.
/// This one lives as long as the process.</remarks>
internal static class SpawnerThread
{
    private static readonly Lazy<BlockingCollection<Action>> Work = new(Start);

    /// <summary>Runs what starts a child. Descriptors that this process had from its own parent do not reach the child.</summary>
    /// <param name="start">Starts it.</param>
    /// <param name="mounts">What the child is to see mounted; null: what this process sees.</param>
    public static Task<T> RunAsync<T>(Func<T> start, PrivateMounts? mounts = null)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Value.Add(() =>
        {
            try
            {
                KeepInheritedDescriptors();
                done.SetResult(mounts is null ? start() : mounts.Start(start));
            }
            catch (Exception e)
            {
                // The caller's to handle; the thread goes on.
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>.NET opens everything close-on-exec; what is not was there before it, and a guest could use it.</summary>
    private static void KeepInheritedDescriptors()
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            int descriptor = int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture);
            if (descriptor > 2)
            {
                _ = Libc.SetDescriptorFlags(descriptor, 2 /* F_SETFD */, 1 /* FD_CLOEXEC */);
            }
        }
    }

    private static BlockingCollection<Action> Start()
    {
        BlockingCollection<Action> work = [];
        Thread thread = new(() =>
        {
            foreach (Action action in work.GetConsumingEnumerable())
            {
                action();
            }
        })
        {
            IsBackground = true,
            Name = "Glovebox spawner",
        };
        thread.Start();
        return work;
    }
}
