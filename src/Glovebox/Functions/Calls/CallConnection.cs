using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Glovebox.Functions.Calls;

/// <summary>Answers the calls that come over one connection, one at a time. The guest is hostile: nothing that it sends costs more than the
/// limits say, and nothing but a call that is whole and allowed reaches a function.</summary>
/// <remarks>An answer is its length in four bytes, a status (0: a result, 1: a <see cref="CallFailure"/>), and either as JSON.</remarks>
internal sealed class CallConnection(HostFunctionServer server, CallStream stream)
{
    private const int AnswerHeaderSize = 5;
    private const int MaxNameSize = 255;

    /// <summary>How much of an answer may be on its way when its call no longer counts.</summary>
    private const int LastPiece = 16 << 10;

    /// <summary>A buffer that one large answer needed is not kept for the small ones after it.</summary>
    private const int LargestKept = 64 << 10;

    /// <summary>How long a call may be on its way from its first byte to its last.</summary>
    private static readonly TimeSpan LongestArrival = TimeSpan.FromSeconds(30);

    private ArrayBufferWriter<byte> _answer = new();

    /// <summary>Whether this connection holds one of the places for calls that are on their way.</summary>
    private bool _hasPlace;

    public async Task ServeAsync()
    {
        try
        {
            while (await stream.FillAsync(CallStream.HeaderSize, CancellationToken.None).ConfigureAwait(false)
                && await ServeOneAsync().ConfigureAwait(false))
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The guest has gone, or its block has.
        }
    }

    /// <summary>Answers one request; false when the connection is of no more use.</summary>
    private async Task<bool> ServeOneAsync()
    {
        int size = BinaryPrimitives.ReadInt32LittleEndian(stream.Peek(CallStream.HeaderSize));
        if (size < 1 || size - 1 - MaxNameSize > server.Limits.MaxArgumentSize)
        {
            await AnswerAsync(
                size < 1 ? CallFailure.Malformed : CallFailure.ArgumentsTooLarge(server.Limits.MaxArgumentSize)).ConfigureAwait(false);
            return false;
        }

        stream.Consume(CallStream.HeaderSize);
        if (server.Scope is not { } scope)
        {
            return await RefuseAsync(size, CallFailure.NoBlock).ConfigureAwait(false);
        }

        if (!server.TryEnter())
        {
            return await RefuseAsync(size, CallFailure.TooMany(server.Limits.MaxConcurrentCalls)).ConfigureAwait(false);
        }

        _hasPlace = true;
        try
        {
            return (stream.Arrived >= size || await ArriveAsync(size, scope).ConfigureAwait(false))
                && await CallAsync(size, scope).ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Waits until a request is whole.</summary>
    private async Task<bool> ArriveAsync(int size, CallScope scope)
    {
        using CancellationTokenSource late = new(LongestArrival, server.TimeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, scope.Ending);
        try
        {
            return await stream.FillAsync(size, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await AnswerAsync(scope.Ending.IsCancellationRequested ? CallFailure.NoBlock : CallFailure.Late).ConfigureAwait(false);
            return false;
        }
    }

    private async Task<bool> RefuseAsync(int size, CallFailure failure)
    {
        if (!await stream.SkipAsync(size).ConfigureAwait(false))
        {
            return false;
        }

        await AnswerAsync(failure).ConfigureAwait(false);
        return true;
    }

    /// <summary>Runs the call that has arrived, and answers it.</summary>
    private async Task<bool> CallAsync(int size, CallScope scope)
    {
        HostFunctionCall? call = Read(size, scope, out CallFailure? failure);
        if (call is not null)
        {
            using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(scope.Ending, stream.Closed);
            Task<CallFailure?> running = server.Invoker.InvokeAsync(call, Begin(), server.Limits.MaxResultSize, ending.Token);
            try
            {
                failure = await running.WaitAsync(ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The function may still write to this buffer, and a function that does not heed its cancellation counts until it returns.
                _answer = new();
                _hasPlace = false;
                _ = running.ContinueWith(
                    _ => server.Leave(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                await AnswerAsync(CallFailure.Cancelled).ConfigureAwait(false);
                return false;
            }

            if (failure is null)
            {
                await AnswerAsync(0, ending.Token).ConfigureAwait(false);
                return true;
            }
        }

        failure!.WriteTo(Begin());
        await AnswerAsync(1, scope.Ending).ConfigureAwait(false);
        return true;
    }

    /// <summary>Reads the request that has arrived; null when it names no offered function.</summary>
    private HostFunctionCall? Read(int size, CallScope scope, out CallFailure? failure)
    {
        ReadOnlySpan<byte> request = stream.Peek(size);
        int nameSize = request[0];
        HostFunctionCall? call = null;
        failure = CallFailure.Malformed;
        if (1 + nameSize <= size)
        {
            ReadOnlySpan<byte> json = request[(1 + nameSize)..];
            failure = CallFailure.Unknown;
            if (server.Find(Encoding.UTF8.GetString(request.Slice(1, nameSize))) is { } function)
            {
                call = new HostFunctionCall(function, scope, HostFunctionCall.Beginning(json));
                call.Refusal = json.Length > server.Limits.MaxArgumentSize ? CallFailure.ArgumentsTooLarge(server.Limits.MaxArgumentSize)
                    : !server.TryBegin() ? CallFailure.TooOften(server.Limits.MaxCallsPerSecond)
                    : ArgumentCheck.Read(function, json, call.Arguments);
            }
        }

        stream.Consume(size);
        if (call is not null)
        {
            stream.Watch();
        }

        return call;
    }

    private ArrayBufferWriter<byte> Begin()
    {
        if (_answer.Capacity > LargestKept)
        {
            _answer = new();
        }

        _answer.ResetWrittenCount();
        _answer.GetSpan(AnswerHeaderSize)[..AnswerHeaderSize].Clear();
        _answer.Advance(AnswerHeaderSize);
        return _answer;
    }

    private ValueTask AnswerAsync(CallFailure failure)
    {
        failure.WriteTo(Begin());
        return stream.WriteAsync(Complete(_answer, 1), CancellationToken.None);
    }

    /// <summary>Sends the answer of a call, a failure's words included. The call counts until little of it is left: a caller that does not
    /// read holds a place, and not memory without end, and one that has read it all has no call on its way.</summary>
    private async Task AnswerAsync(byte status, CancellationToken ending)
    {
        ReadOnlyMemory<byte> answer = Complete(_answer, status);
        if (answer.Length > LastPiece)
        {
            await stream.WriteAsync(answer[..^LastPiece], ending).ConfigureAwait(false);
            answer = answer[^LastPiece..].ToArray();
            _answer = new();
        }

        // That a call was cancelled is told when its block has ended, too.
        Leave();
        await stream.WriteAsync(answer, status == 0 ? ending : CancellationToken.None).ConfigureAwait(false);
    }

    private static ReadOnlyMemory<byte> Complete(ArrayBufferWriter<byte> answer, byte status)
    {
        Span<byte> header = MemoryMarshal.AsMemory(answer.WrittenMemory).Span;
        BinaryPrimitives.WriteInt32LittleEndian(header, answer.WrittenCount - AnswerHeaderSize);
        header[4] = status;
        return answer.WrittenMemory;
    }

    private void Leave()
    {
        if (_hasPlace)
        {
            _hasPlace = false;
            server.Leave();
        }
    }
}
