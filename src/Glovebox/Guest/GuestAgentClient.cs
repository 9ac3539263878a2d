using System.Buffers.Binary;
using System.Collections.Concurrent;
using Glovebox.Environments;

namespace Glovebox.Guest;

/// <summary>The host's end of the channel to a guest agent: starts runs, hands on their output, ends them.</summary>
/// <remarks>What comes from the guest is hostile: a frame that the agent never sends ends the channel, and nothing is kept that the
/// guest could make grow.</remarks>
internal sealed partial class GuestAgentClient : IAsyncDisposable
{
    public const int AgentVersion = 6;
    private const int MaxFrame = 1 << 20;

    private readonly Stream _channel;
    private readonly GuestCalls _calls;
    private readonly ConcurrentDictionary<uint, PendingRun> _runs = new();
    private readonly ConcurrentDictionary<uint, PendingRequest> _requests = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TaskCompletionSource<GuestHello> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _lastNumber;

    public GuestAgentClient(Stream channel)
    {
        _channel = channel;
        _calls = new GuestCalls(this);
    }

    /// <summary>Runs what frames set going.</summary>
    public FrameScheduler FrameWork { get; } = new();

    /// <summary>Completes when the channel has ended, for whatever reason.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Configures the agent and waits for its answer.</summary>
    /// <exception cref="IOException">The channel ended before the answer.</exception>
    /// <exception cref="GuestProtocolException">The agent's reply is malformed.</exception>
    public async Task<GuestHello> ConnectAsync(GuestConfiguration configuration, CancellationToken cancellationToken)
    {
        _ = ReadAsync(new byte[128 << 10], 0);
        GuestFrameWriter frame = new GuestFrameWriter()
            .Number((ulong)configuration.AddressSpace)
            .Number((ulong)configuration.Processes)
            .UInt32(configuration.User.Uid)
            .UInt32(configuration.User.Gid)
            .Text(configuration.WorkDirectory)
            .Text(configuration.Listen)
            .Byte((byte)configuration.Options)
            .Texts([.. configuration.Variables.SelectMany(v => new[] { v.Key, v.Value })])
            .Bytes(configuration.Filter);
        await SendAsync(frame.Frame(GuestFrameType.Configure, 0), cancellationToken).ConfigureAwait(false);
        return await _hello.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a program.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="output">Gets what it prints.</param>
    /// <param name="kill">Asks the agent to end it. The answer may never come; that is the caller's to deal with.</param>
    /// <param name="isSetup">Whether it is part of the set-up, and so runs with all that the environment itself has.</param>
    /// <returns>How it ended, or null when the channel ended first.</returns>
    /// <exception cref="WorkspaceException">The code file that comes with it cannot be saved; nothing was run.</exception>
    public async Task<ProcessExit?> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill, bool isSetup = false)
    {
        uint number = NextNumber();
        PendingRun run = new(output);
        PendingRequest files = new();
        _runs[number] = run;
        if (command.CodeFile is not null || command.ListsFiles)
        {
            _requests[number] = files;
        }

        bool listingComes = false;
        try
        {
            GuestRunKind kind = (isSetup ? GuestRunKind.Setup : GuestRunKind.None)
                | (command.IsService ? GuestRunKind.Service : GuestRunKind.None)
                | (command.CodeFile is not null ? GuestRunKind.Saves : GuestRunKind.None)
                | (command.ListsFiles ? GuestRunKind.Lists : GuestRunKind.None);
            GuestFrameWriter frame = new GuestFrameWriter().Byte((byte)kind).Text(command.PythonScript ?? "").Texts(command.Programs).Texts(command.Arguments);
            if (command.CodeFile is { } file)
            {
                frame.Text(file.Path).Bytes(file.Content.Span);
            }

            if (!await TrySendAsync(frame.Frame(GuestFrameType.Run, number)).ConfigureAwait(false))
            {
                return null;
            }

            CancellationTokenRegistration killing = kill.UnsafeRegister(
                static state =>
                {
                    (GuestAgentClient client, uint number) = ((GuestAgentClient, uint))state!;
                    _ = client.TrySendAsync(new GuestFrameWriter().Frame(GuestFrameType.Kill, number));
                },
                (this, number));
            await using (killing.ConfigureAwait(false))
            {
                await Task.WhenAny(run.Exit.Task, Ended).ConfigureAwait(false);
                if (!run.Exit.Task.IsCompletedSuccessfully)
                {
                    return null;
                }

                ProcessExit exit = await run.Exit.Task.ConfigureAwait(false);
                if (command.CodeFile is { } unsaved && exit.Kind == ProcessExitKind.NotStarted && files.Reply.IsCompletedSuccessfully)
                {
                    throw GuestWorkspace.Failure(unsaved.Path, await files.Reply.ConfigureAwait(false));
                }

                listingComes = command.ListsFiles && exit.Kind == ProcessExitKind.Exited;
                return listingComes
                    ? exit with { ListFiles = cancellationToken => ListAsync(number, files, cancellationToken) }
                    : exit;
            }
        }
        finally
        {
            _runs.TryRemove(number, out _);
            if (!listingComes)
            {
                _requests.TryRemove(number, out _);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync().ConfigureAwait(false);
        await _ended.Task.ConfigureAwait(false);

        // The lock of the writers is not disposed: those that wait for it still have to hear that the channel has ended.
    }

    private uint NextNumber() => Interlocked.Increment(ref _lastNumber);

    private async Task<bool> TrySendAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            await SendAsync(frame, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Sends a frame.</summary>
    /// <exception cref="IOException">The channel has ended.</exception>
    private async Task SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        if (frame.Length - sizeof(int) > MaxFrame)
        {
            throw new ArgumentException("The command is too long: its program, arguments and variables must be less than 1 MiB.");
        }

        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _channel.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            // It was closed when it ended.
            throw new IOException("The channel to the guest agent has ended.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Reads frames until the channel ends, or until another call of this goes on with it.</summary>
    /// <param name="buffer">Holds what is read.</param>
    /// <param name="filled">How much of it holds the beginning of a frame.</param>
    /// <param name="begun">The read that goes on, or null.</param>
    private async Task ReadAsync(byte[] buffer, int filled, ValueTask<int>? begun = null)
    {
        Exception? failure = null;
        bool goesOn = false;
        try
        {
            ValueTask<int> reading = begun ?? _channel.ReadAsync(buffer.AsMemory(filled));
            if (begun is not null && reading.IsCompleted)
            {
                // The caller has work to do on this thread.
                await Task.Yield();
            }

            int read;
            while ((read = await reading.ConfigureAwait(false)) > 0)
            {
                filled += read;
                int handled = 0;
                int needed = 0;
                FrameWork.Begin();
                while (filled - handled >= sizeof(int))
                {
                    int size = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(handled));
                    if (size is < 5 or > MaxFrame)
                    {
                        throw new GuestProtocolException("a frame has an impossible length");
                    }

                    needed = size + sizeof(int);
                    if (filled - handled < needed)
                    {
                        break;
                    }

                    Handle(buffer.AsSpan(handled + sizeof(int), size));
                    handled += needed;
                }

                filled -= handled;
                buffer.AsSpan(handled, filled).CopyTo(buffer);
                if (needed > buffer.Length)
                {
                    Array.Resize(ref buffer, MaxFrame + sizeof(int));
                }

                reading = _channel.ReadAsync(buffer.AsMemory(filled));
                if (reading.IsCompleted || FrameWork.Take() is not { } work)
                {
                    FrameWork.QueueAll();
                    continue;
                }

                goesOn = true;
                _ = ReadAsync(buffer, filled, reading);
                work();
                return;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or GuestProtocolException)
        {
            failure = e;
        }
        finally
        {
            if (!goesOn)
            {
                End(failure);
            }
        }
    }

    private void End(Exception? failure)
    {
        _hello.TrySetException(failure ?? new IOException("The guest agent ended before it answered."));
        _ = _hello.Task.Exception;
        _ended.TrySetResult();
        foreach (PendingRequest request in _requests.Values)
        {
            request.Lose();
        }

        // From here on this thread puts nothing off: nobody would come back to it.
        FrameWork.QueueAll();
        LoseTunnels();
        _calls.End();

        // An agent that has broken the rules, or reads no more, holds up no writer.
        _channel.Dispose();
    }

    private void Handle(ReadOnlySpan<byte> frame)
    {
        GuestFrameType type = (GuestFrameType)frame[0];
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(frame[1..]);
        ReadOnlySpan<byte> payload = frame[5..];
        GuestFrameReader reader = new(payload);
        switch (type)
        {
            case GuestFrameType.StandardOutput:
                _runs.GetValueOrDefault(number)?.Output.Write(OutputStream.StandardOutput, payload);
                break;
            case GuestFrameType.StandardError:
                _runs.GetValueOrDefault(number)?.Output.Write(OutputStream.StandardError, payload);
                break;
            case GuestFrameType.Exit:
                byte kind = reader.Byte();
                ProcessExit exit = new(KindOf(kind), reader.Int32(), reader.Text() is { Length: > 0 } message ? message : null);
                _runs.GetValueOrDefault(number)?.Exit.TrySetResult(exit);
                break;
            case GuestFrameType.Hello:
                int version = reader.Int32();
                if (version != AgentVersion)
                {
                    throw new GuestProtocolException("the agent has another version");
                }

                _hello.TrySetResult(new GuestHello(reader.Text(), reader.Byte() != 0, reader.Rest.ToArray()));
                break;
            case GuestFrameType.Reply:
                // One that was given up is not there any more.
                if (_requests.GetValueOrDefault(number)?.Take((GuestReplyStatus)reader.Byte(), reader.Rest) == true)
                {
                    _requests.TryRemove(number, out _);
                }

                break;
            case GuestFrameType.CallOpened or GuestFrameType.CallData or GuestFrameType.CallCredited or GuestFrameType.CallClosed:
                _calls.Handle(type, number, reader);
                break;
            case >= GuestFrameType.TunnelOpened and <= GuestFrameType.TunnelClosed:
                // One that the host has closed is not there any more; what was on its way to it comes still.
                _tunnels.GetValueOrDefault(number)?.Handle(type, reader);
                break;
            default:
                throw new GuestProtocolException("a frame has an unknown type");
        }
    }

    private static ProcessExitKind KindOf(byte kind) => kind switch
    {
        0 => ProcessExitKind.Exited,
        1 => ProcessExitKind.Signaled,
        2 => ProcessExitKind.Killed,
        3 => ProcessExitKind.NotFound,
        4 => ProcessExitKind.NotStarted,
        5 => ProcessExitKind.OutOfMemory,
        _ => throw new GuestProtocolException("an unknown kind of exit"),
    };

    private sealed class PendingRun(IOutputSink output)
    {
        public IOutputSink Output => output;

        public TaskCompletionSource<ProcessExit> Exit { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>What the agent is told at its start.</summary>
/// <param name="AddressSpace">The address space of each guest process in bytes, or 0 where a cgroup limits memory.</param>
/// <param name="Processes">The processes of the guest's user, or 0 where a cgroup limits them.</param>
/// <param name="WorkDirectory">Where programs run and files are, as the guest sees it.</param>
/// <param name="Variables">Environment variables of guest programs that the caller named.</param>
internal sealed record GuestConfiguration(long AddressSpace, long Processes, string WorkDirectory, IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>The user that guest code runs as, where the agent is root; otherwise it is the agent's user.</summary>
    public UserId User { get; init; }

    /// <summary>The path of a socket on which the agent waits for the next host when this one has gone; empty: it ends with the host.
    /// The socket's folder must be one that guest code cannot enter.</summary>
    public string Listen { get; init; } = "";

    /// <summary>The program of seccomp(2) that the agent puts on itself, and so on all that it starts, at the seal; empty where the environment
    /// filters system calls from the beginning.</summary>
    public byte[] Filter { get; init; } = [];

    /// <summary>What the agent is to do beyond its work.</summary>
    public GuestOptions Options { get; init; }

    /// <summary>What follows from a limit of processor time. Two processes get ready at once, each on a processor of its own; below that
    /// they would use up what the next block is to have.</summary>
    public static GuestOptions OptionsOf(ExecutionPolicy policy) => policy.Cpus < 2 ? GuestOptions.SaveProcessorTime : GuestOptions.None;
}

/// <summary>What the agent says of itself.</summary>
/// <param name="PythonVersion">The version of its interpreter.</param>
/// <param name="CanFilter">Whether it can put a filter of system calls on itself.</param>
/// <param name="CompiledAgent">Its program, as this version of Python runs it without compiling it; empty unless asked for.</param>
internal sealed record GuestHello(string PythonVersion, bool CanFilter, byte[] CompiledAgent);
