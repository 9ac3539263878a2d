using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;

namespace Glovebox.Environments.Host;

/// <summary>A process of the host whose output goes to a sink.</summary>
/// <remarks>
/// The process' exit ends the run, not the end of its output: a child that it left in the background may hold the pipes for long.
/// What such a child prints later is read and dropped, so that it neither blocks nor dies of a broken pipe.
/// </remarks>
internal sealed class HostProcess : IDisposable
{
    private const int BufferSize = 64 << 10;
    private const int SigKill = 9;

    /// <summary>After the exit, output that is already in a pipe is waited for until the pipes have been quiet for this long.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);

    /// <summary>A background child that prints without end is not waited for longer than this.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMilliseconds(400);

    private readonly Process _process;
    private readonly IOutputSink _sink;
    private readonly Task _pumps;
    private long _received;
    private volatile bool _detached;

    private HostProcess(Process process, IOutputSink sink)
    {
        _process = process;
        _sink = sink;
        process.StandardInput.Close();
        _pumps = Task.WhenAll(
            PumpAsync(process.StandardOutput.BaseStream, OutputStream.StandardOutput),
            PumpAsync(process.StandardError.BaseStream, OutputStream.StandardError));
    }

    public int Id => _process.Id;

    /// <summary>Starts a process with an empty standard input.</summary>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static HostProcess Start(ProcessStartInfo info, IOutputSink sink)
    {
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        info.UseShellExecute = false;
        BrokenPipes.AreTheDefaultInChildren();
        return new HostProcess(Process.Start(info)!, sink);
    }

    /// <summary>Waits for the exit, and for the output that came before it.</summary>
    /// <param name="kill">Calls <paramref name="end"/>.</param>
    /// <param name="end">Ends the process and everything that it started.</param>
    public async Task<ProcessExit> WaitAsync(Func<Task> end, CancellationToken kill)
    {
        bool killed = false;
        try
        {
            await _process.WaitForExitAsync(kill).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            killed = !_process.HasExited;
            await end().ConfigureAwait(false);
            await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await DrainAsync().ConfigureAwait(false);
        int code = _process.ExitCode;

        // .NET reports a death by signal N as 128 + N, as a shell does; a program that itself exits so cannot be told apart.
        return killed ? new ProcessExit(ProcessExitKind.Killed, 128 + SigKill)
            : code > 128 && code <= 128 + 64 ? new ProcessExit(ProcessExitKind.Signaled, code)
            : new ProcessExit(ProcessExitKind.Exited, code);
    }

    public void Kill() => _process.Kill();

    public void Dispose() => _process.Dispose();

    private async Task PumpAsync(Stream stream, OutputStream name)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                if (!_detached)
                {
                    _sink.Write(name, buffer.AsSpan(0, read));
                    Interlocked.Add(ref _received, read);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The pipe is gone with its process: the same as its end.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task DrainAsync()
    {
        using CancellationTokenSource longest = new(LongestDrain);
        while (!_pumps.IsCompleted && !longest.IsCancellationRequested)
        {
            long before = Interlocked.Read(ref _received);
            await Task.WhenAny(_pumps, Task.Delay(Quiet, CancellationToken.None)).ConfigureAwait(false);
            if (Interlocked.Read(ref _received) == before)
            {
                break;
            }
        }

        _detached = true;
    }
}
