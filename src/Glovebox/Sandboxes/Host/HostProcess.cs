using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;

namespace Glovebox.Sandboxes.Host;

/// <summary>A process of the host whose output goes to a sink.</summary>
/// <remarks>
/// The process' exit ends the run, not the end of its output: a child that it left in the background may hold the pipes for long.
/// What such a child prints later is read and dropped, so that it neither blocks nor dies of a broken pipe.
/// </remarks>
internal sealed class HostProcess : IProcessControls, IDisposable
{
    private const int BufferSize = 64 << 10;

    /// <summary>What a terminal takes for the end of its input.</summary>
    private static readonly byte[] EndOfFile = [4];

    /// <summary>After the exit, what was in the pipes or in a pump's hand by then is read however long that takes on a busy machine. What a
    /// pump was just taking out cannot be counted: it is waited for until nothing has come for this long.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);

    /// <summary>A background child that prints without end is not waited for longer than this, beyond what was in the pipes.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMilliseconds(400);

    private readonly Process _process;
    private readonly Pump[] _pumps;
    private readonly Task _pumping;
    private readonly HostTerminal? _terminal;
    private readonly Stream _input;

    private HostProcess(Process process, IOutputSink sink, ReadOnlyMemory<byte>? input, HostTerminal? terminal)
    {
        _process = process;
        _terminal = terminal;
        _input = terminal?.Stream ?? process.StandardInput.BaseStream;
        if (input is { } all)
        {
            _ = WriteInputAsync(_input, all);
        }

        _pumps = terminal is not null
            ? [new Pump(terminal.Stream, OutputStream.StandardOutput, sink, () => terminal.Waiting)]
            :
            [
                new Pump(process.StandardOutput.BaseStream, OutputStream.StandardOutput, sink),
                new Pump(process.StandardError.BaseStream, OutputStream.StandardError, sink),
            ];

        // What is there already would be handed on here, and a slow sink would hold up the caller.
        _pumping = Task.WhenAll(_pumps.Select(p => Task.Run(p.RunAsync)));
    }

    public int Id => _process.Id;

    /// <summary>Starts a process.</summary>
    /// <param name="info">What to start.</param>
    /// <param name="sink">Gets what it prints.</param>
    /// <param name="input">What it reads from its standard input.</param>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static HostProcess Start(ProcessStartInfo info, IOutputSink sink, ReadOnlyMemory<byte> input = default) =>
        Start(info, sink, input, terminal: null);

    /// <summary>Starts a process whose standard input is written while it runs.</summary>
    /// <param name="info">What to start.</param>
    /// <param name="sink">Gets what it prints.</param>
    /// <param name="size">The size of its terminal; null: it has none.</param>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static HostProcess StartOpen(ProcessStartInfo info, IOutputSink sink, TerminalSize? size)
    {
        HostTerminal? terminal = size is null ? null : new HostTerminal(size);
        try
        {
            if (terminal is not null)
            {
                (info.FileName, string[] arguments) = terminal.Command(info.FileName, info.ArgumentList);
                info.ArgumentList.Clear();
                foreach (string argument in arguments)
                {
                    info.ArgumentList.Add(argument);
                }
            }

            return Start(info, sink, input: null, terminal);
        }
        catch (Win32Exception)
        {
            terminal?.Dispose();
            throw;
        }
    }

    private static HostProcess Start(ProcessStartInfo info, IOutputSink sink, ReadOnlyMemory<byte>? input, HostTerminal? terminal)
    {
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        info.UseShellExecute = false;
        BrokenPipes.AreTheDefaultInChildren();
        return new HostProcess(Process.Start(info)!, sink, input, terminal);
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

        _terminal?.Release();
        await DrainAsync().ConfigureAwait(false);
        int code = _process.ExitCode;

        // .NET reports a death by signal N as 128 + N, as a shell does; a program that itself exits so cannot be told apart.
        return killed ? new ProcessExit(ProcessExitKind.Killed, 128 + Libc.SigKill)
            : code > 128 && code <= 128 + 64 ? new ProcessExit(ProcessExitKind.Signaled, code)
            : new ProcessExit(ProcessExitKind.Exited, code);
    }

    /// <summary>Kills it and, where it has a process group of its own, all that is still in that.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _ = Libc.Kill(-_process.Id, Libc.SigKill);
        }

        _process.Kill();
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        await _input.WriteAsync(data, cancellationToken).ConfigureAwait(false);

    public async Task CloseInputAsync()
    {
        if (_terminal is not null)
        {
            await _input.WriteAsync(EndOfFile).ConfigureAwait(false);
        }
        else
        {
            await _input.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sends a signal to the process; only one with a terminal has a group of its own.</summary>
    public Task<bool> SignalAsync(int signal, CancellationToken cancellationToken)
    {
        // One that was started just now has no group of its own yet.
        bool isSent = !_process.HasExited
            && ((_terminal is not null && Libc.Kill(-_process.Id, signal) == 0) || Libc.Kill(_process.Id, signal) == 0);
        return Task.FromResult(isSent);
    }

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken)
    {
        _terminal!.Resize(size);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _process.Dispose();
        _terminal?.Dispose();
        _ = CloseAsync();
    }

    /// <summary>Closes the pipes, which .NET leaves to those who have used them: of the output when nobody has it open any more.</summary>
    private async Task CloseAsync()
    {
        await _input.DisposeAsync().ConfigureAwait(false);
        await _pumping.ConfigureAwait(false);
        foreach (Pump pump in _pumps)
        {
            await pump.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task WriteInputAsync(Stream stream, ReadOnlyMemory<byte> input)
    {
        try
        {
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(input).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It does not read all, or has ended.
        }
    }

    private async Task DrainAsync()
    {
        long[] due = [.. _pumps.Select(p => p.Taken + p.Waiting)];
        long started = Stopwatch.GetTimestamp();
        while (!_pumping.IsCompleted)
        {
            long before = _pumps.Sum(p => p.Received);
            await Task.WhenAny(_pumping, Task.Delay(Quiet)).ConfigureAwait(false);
            bool isQuiet = _pumps.Sum(p => p.Received) == before || Stopwatch.GetElapsedTime(started) > LongestDrain;
            if (isQuiet && _pumps.Zip(due).All(pair => pair.First.Received >= pair.Second))
            {
                break;
            }
        }

        foreach (Pump pump in _pumps)
        {
            pump.Detach();
        }
    }

    /// <summary>Reads one of the pipes for as long as a process has it open.</summary>
    private sealed class Pump(Stream stream, OutputStream name, IOutputSink sink, Func<int>? waiting = null) : IAsyncDisposable
    {
        private long _taken;
        private long _received;
        private volatile bool _detached;

        /// <summary>Bytes that have been read.</summary>
        public long Taken => Interlocked.Read(ref _taken);

        /// <summary>Bytes that have reached the sink.</summary>
        public long Received => Interlocked.Read(ref _received);

        /// <summary>Bytes in the pipe.</summary>
        public long Waiting => waiting is not null
            ? waiting()
            : stream is PipeStream { IsConnected: true } pipe ? Libc.BytesToRead(pipe.SafePipeHandle) : 0;

        /// <summary>From here on, what is read is dropped.</summary>
        public void Detach() => _detached = true;

        public ValueTask DisposeAsync() => stream.DisposeAsync();

        public async Task RunAsync()
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                int read;
                while ((read = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
                {
                    Interlocked.Add(ref _taken, read);
                    if (!_detached)
                    {
                        sink.Write(name, buffer.AsSpan(0, read));
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
    }
}
