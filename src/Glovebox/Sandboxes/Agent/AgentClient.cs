using System.Buffers.Binary;
using System.Collections.Concurrent;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The host's end of the channel to a guest agent: starts runs, hands on their output, ends them.</summary>
/// <remarks>What comes from the guest is hostile: a frame that the agent never sends ends the channel, and nothing is kept that the
/// guest could make grow.</remarks>
internal sealed partial class AgentClient : IAsyncDisposable
{
    public const int AgentVersion = 10;
    private const int MaxFrame = 1 << 20;

    private readonly Stream _channel;
    private readonly AgentStreams _streams;
    private readonly ConcurrentDictionary<uint, AgentRun> _runs = new();
    private readonly ConcurrentDictionary<uint, PendingRequest> _requests = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TaskCompletionSource<AgentHello> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _lastNumber;

    public AgentClient(Stream channel)
    {
        _channel = channel;
        _streams = new AgentStreams(this);
    }

    /// <summary>Runs what frames set going.</summary>
    public FrameScheduler FrameWork { get; } = new();

    /// <summary>Completes when the channel has ended, for whatever reason.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Configures the agent and waits for its answer.</summary>
    /// <exception cref="IOException">The channel ended before the answer.</exception>
    /// <exception cref="GuestProtocolException">The agent's reply is malformed.</exception>
    public async Task<AgentHello> ConnectAsync(AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        _ = ReadAsync(new byte[128 << 10], 0);
        GuestFrameWriter frame = new GuestFrameWriter()
            .Number((ulong)configuration.AddressSpace)
            .Number((ulong)configuration.Processes)
            .UInt32(configuration.User.Uid)
            .UInt32(configuration.User.Gid)
            .Text(configuration.WorkDirectory)
            .Text(configuration.Listen)
            .Byte((byte)(configuration.SendsProgram ? 1 : 0))
            .Texts([.. configuration.Variables.SelectMany(v => new[] { v.Key, v.Value })])
            .Bytes(configuration.Filter);
        await SendAsync(frame.Frame(GuestFrameType.Configure, 0), cancellationToken).ConfigureAwait(false);
        return await _hello.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the agent to run a program. The frame may be on its way still when this returns; later ones come after it.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="savesFile">Whether the agent is to save the file of the request.</param>
    /// <param name="listsFiles">Whether the agent is to list the work directory once it has ended by itself.</param>
    /// <param name="isSetup">Whether it is part of the set-up, and so runs with all that the sandbox itself has.</param>
    /// <param name="output">Takes what it prints; null: the sink of the request does.</param>
    public AgentRun Start(
        ProcessRequest request, bool savesFile, bool listsFiles, bool isSetup = false, IOutputSink? output = null)
    {
        uint number = NextNumber();
        ProcessFile? file = savesFile ? request.File : null;
        AgentRun run = new(this, number, output ?? request.Output ?? NoOutput.Instance, file, listsFiles)
        {
            Input = request.HasOpenInput ? _streams.Feed(number) : null,
        };
        _runs[number] = run;
        if (run.Answers is { } answers)
        {
            _requests[number] = answers;
        }

        AgentRunKind kind = (isSetup ? AgentRunKind.Setup : AgentRunKind.None)
            | (request.IsService ? AgentRunKind.Service : AgentRunKind.None)
            | (file is not null ? AgentRunKind.Saves : AgentRunKind.None)
            | (listsFiles ? AgentRunKind.Lists : AgentRunKind.None)
            | (request.IsBackground ? AgentRunKind.Background : AgentRunKind.None)
            | (run.Input is not null ? AgentRunKind.Input : AgentRunKind.None);
        GuestFrameWriter frame = new GuestFrameWriter()
            .Byte((byte)kind)
            .Text(request.PythonScript ?? "")
            .Texts(request.Programs)
            .Texts(request.Arguments)
            .Texts([.. request.AllVariables.SelectMany(v => new[] { v.Key, v.Value })])
            .Text(request.Directory ?? "")
            .UInt16((ushort)(request.Terminal?.Rows ?? 0))
            .UInt16((ushort)(request.Terminal?.Columns ?? 0))
            .UInt32((uint)request.StandardInput.Length)
            .Bytes(request.StandardInput.Span);
        if (file is not null)
        {
            frame.Path(WorkspacePath.Normalize(file.Path)).Bytes(file.Content.Span);
        }

        _ = SendAsync(run, frame.Frame(GuestFrameType.Run, number));
        return run;
    }

    /// <summary>Runs a program until it ends.</summary>
    /// <returns>How it ended, or null when the channel ended first.</returns>
    /// <exception cref="WorkspaceException">The file of the request cannot be saved; nothing was run.</exception>
    public async Task<ProcessExit?> RunAsync(ProcessRequest request, CancellationToken kill, bool isSetup = false)
    {
        AgentRun run = Start(request, savesFile: true, request.ListsFiles, isSetup);
        CancellationTokenRegistration killing = kill.UnsafeRegister(static r => ((AgentRun)r!).Kill(), run);
        await using (killing.ConfigureAwait(false))
        {
            return await run.WaitAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Asks the agent to end a run.</summary>
    internal void Kill(uint run) => _ = TrySendAsync(new GuestFrameWriter().Frame(GuestFrameType.Kill, run));

    /// <summary>Forgets a run that has ended.</summary>
    internal void Forget(uint run, bool keepsAnswers)
    {
        _runs.TryRemove(run, out _);
        if (!keepsAnswers)
        {
            _requests.TryRemove(run, out _);
        }
    }

    /// <inheritdoc cref="AgentStreams.ConnectAsync"/>
    public Task<Stream> ConnectAsync(System.Net.EndPoint endPoint, CancellationToken cancellationToken) =>
        _streams.ConnectAsync(endPoint, cancellationToken);

    /// <inheritdoc cref="AgentStreams.ListenAsync"/>
    public Task<ISandboxListener> ListenAsync(System.Net.EndPoint endPoint, CancellationToken cancellationToken) =>
        _streams.ListenAsync(endPoint, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync().ConfigureAwait(false);
        await _ended.Task.ConfigureAwait(false);

        // The lock of the writers is not disposed: those that wait for it still have to hear that the channel has ended.
    }

    private async Task SendAsync(AgentRun run, ReadOnlyMemory<byte> frame)
    {
        try
        {
            if (!await TrySendAsync(frame).ConfigureAwait(false) || Ended.IsCompleted)
            {
                run.Lose();
            }
        }
        catch (ArgumentException e)
        {
            run.Refuse(e);
        }
    }

    internal uint NextNumber() => Interlocked.Increment(ref _lastNumber);

    internal async Task<bool> TrySendAsync(ReadOnlyMemory<byte> frame)
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
        foreach (AgentRun run in _runs.Values)
        {
            run.Lose();
        }

        foreach (PendingRequest request in _requests.Values)
        {
            request.Lose();
        }

        // From here on this thread puts nothing off, because it does not come back to it.
        FrameWork.QueueAll();
        _streams.End();

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
                _runs.GetValueOrDefault(number)?.Report(exit);
                break;
            case GuestFrameType.Hello:
                int version = reader.Int32();
                if (version != AgentVersion)
                {
                    throw new GuestProtocolException("the agent has another version");
                }

                _hello.TrySetResult(new AgentHello(reader.Text(), reader.Byte() != 0, reader.Rest.ToArray()));
                break;
            case GuestFrameType.Reply:
                // One that was given up is not there any more.
                if (_requests.GetValueOrDefault(number)?.Take((GuestReplyStatus)reader.Byte(), reader.Rest) == true)
                {
                    _requests.TryRemove(number, out _);
                }

                break;
            case >= GuestFrameType.StreamOpen and <= GuestFrameType.StreamReset:
                _streams.Handle(type, number, reader);
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
}
