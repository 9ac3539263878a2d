using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Glovebox.Sandboxes.Host;

/// <summary>A child process whose standard input and output are one socket, and whose standard error is another.</summary>
/// <remarks>
/// The streams of <see cref="System.Diagnostics.Process"/> are pipes, whose asynchronous reads hold a thread of the pool for as long as
/// the child lives; a socket's do not.
/// </remarks>
internal sealed partial class SpawnedProcess : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Lazy<Task<int>> _exit;
    private bool _reaped;

    private SpawnedProcess(int id, Socket channel, Socket errors)
    {
        Id = id;
        Channel = new NetworkStream(channel, ownsSocket: true);
        Errors = new NetworkStream(errors, ownsSocket: true);
        _exit = new(() => Task.Factory.StartNew(Reap, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    public int Id { get; }

    /// <summary>The child's standard input and output.</summary>
    public NetworkStream Channel { get; }

    /// <summary>The child's standard error.</summary>
    public NetworkStream Errors { get; }

    /// <summary>Starts a program with no environment variables, default signals and no descriptors but the standard ones.</summary>
    /// <param name="path">The program's absolute path.</param>
    /// <param name="arguments">Its arguments, its own name first.</param>
    /// <param name="mounts">What it is to see mounted; null: what this process sees.</param>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static Task<SpawnedProcess> StartAsync(string path, IReadOnlyList<string> arguments, PrivateMounts? mounts = null) =>
        SpawnerThread.RunAsync(() => Start(path, arguments), mounts);

    /// <summary>Waits for the exit. Called once the child is known to be ending, it takes a thread for a moment only.</summary>
    public Task<int> WaitForExitAsync() => _exit.Value;

    /// <summary>Kills it and what is still in its process group. A child of bwrap's that waits for its parent's word would wait for ever.
    /// </summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (!_reaped)
            {
                _ = Libc.Kill(-Id, Libc.SigKill);
            }
        }
    }

    public void Dispose()
    {
        Channel.Dispose();
        Errors.Dispose();
    }

    private static unsafe SpawnedProcess Start(string path, IReadOnlyList<string> arguments)
    {
        (int channel, int childChannel) = SocketPair();
        (int errors, int childErrors) = SocketPair();
        SafeSocketHandle channelHandle = new(channel, ownsHandle: true);
        SafeSocketHandle errorsHandle = new(errors, ownsHandle: true);

        // Larger than either structure is in any C library.
        byte* attributes = stackalloc byte[1024];
        byte* actions = stackalloc byte[512];
        ulong* all = stackalloc ulong[16];
        ulong* none = stackalloc ulong[16];
        new Span<ulong>(all, 16).Fill(ulong.MaxValue);
        new Span<ulong>(none, 16).Clear();
        try
        {
            Check(AttributesInit(attributes));
            Check(AttributesSetDefaultSignals(attributes, all));
            Check(AttributesSetSignalMask(attributes, none));

            // A session of its own: what a user types at our terminal (Ctrl-C) is for us to act on, not for the child.
            Check(AttributesSetFlags(attributes, 0x4 | 0x8 | 0x80 /* SETSIGDEF, SETSIGMASK, SETSID */));
            Check(ActionsInit(actions));
            Check(ActionsDuplicate(actions, childChannel, 0));
            Check(ActionsDuplicate(actions, childChannel, 1));
            Check(ActionsDuplicate(actions, childErrors, 2));
            Check(Spawn(out int id, path, actions, attributes, [.. arguments, null], [null]));
            return new SpawnedProcess(id, new Socket(channelHandle), new Socket(errorsHandle));
        }
        catch (Win32Exception)
        {
            channelHandle.Dispose();
            errorsHandle.Dispose();
            throw;
        }
        finally
        {
            _ = Close(childChannel);
            _ = Close(childErrors);
            _ = ActionsDestroy(actions);
            _ = AttributesDestroy(attributes);
        }
    }

    private static unsafe (int Ours, int Theirs) SocketPair()
    {
        int* pair = stackalloc int[2];
        if (CreateSocketPair(1 /* AF_UNIX */, 1 | 0x80000 /* SOCK_STREAM, SOCK_CLOEXEC */, 0, pair) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        return (pair[0], pair[1]);
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }

    private int Reap()
    {
        int status;
        int result;

        // Without reaping: a kill that runs at the same time must not hit another process that gets the id.
        Span<byte> information = stackalloc byte[256];
        do
        {
            result = WaitWithoutReaping(1 /* P_PID */, Id, information, 0x4 | 0x01000000 /* WEXITED, WNOWAIT */);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == 4 /* EINTR */);

        lock (_lock)
        {
            _reaped = true;
            result = WaitPid(Id, out status, 0);
        }

        // WIFSIGNALED ? 128 + signal : exit code. Another reaper in the process may have been first.
        return result != Id ? -1 : (status & 0x7f) != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static unsafe partial int CreateSocketPair(int domain, int type, int protocol, int* pair);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Spawn(
        out int id, string path, byte* actions, byte* attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static unsafe partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static unsafe partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static unsafe partial int AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static unsafe partial int AttributesSetDefaultSignals(byte* attributes, ulong* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static unsafe partial int AttributesSetSignalMask(byte* attributes, ulong* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static unsafe partial int ActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static unsafe partial int ActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static unsafe partial int ActionsDuplicate(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static partial int WaitWithoutReaping(int kind, int id, Span<byte> information, int options);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitPid(int id, out int status, int options);
}
