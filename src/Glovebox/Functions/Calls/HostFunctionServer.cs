using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions.Calls;

/// <summary>Answers the calls that come over connections of the guest. The guest is hostile: nothing that it sends costs more than the
/// limits say, and nothing but a call that is whole and allowed reaches a function.</summary>
/// <remarks>A connection carries one call at a time. An answer is its length in four bytes, a status, and the result or a <see cref="CallFailure"/>.</remarks>
internal sealed class HostFunctionServer(IReadOnlyDictionary<string, AIFunction> functions, HostFunctionLimits limits, HostFunctionInvoker invoker, TimeProvider timeProvider) : IDisposable
{
    /// <summary>How many connections a guest may have at once: as many as it may have threads, by default.</summary>
    public const int MaxConnections = 256;

    private const int AnswerHeaderSize = 5;
    private const int MaxNameSize = 255;
    private const int LargestKept = 64 << 10;

    /// <summary>How long a call may be on its way from its first byte to its last.</summary>
    private static readonly TimeSpan LongestArrival = TimeSpan.FromSeconds(30);

    private readonly CallRate _rate = new(limits.MaxCallsPerSecond, timeProvider);
    private CallScope? _scope;
    private int _inFlight;

    public HostFunctionLimits Limits => limits;

    /// <summary>Lets guest code call until the scope is disposed.</summary>
    public CallScope Begin(int blockIndex, CodeBlock block, OutputCollector output, CancellationToken kill)
    {
        CallScope scope = new(blockIndex, block, output, ended => Interlocked.CompareExchange(ref _scope, null, ended), kill);
        _scope = scope;
        return scope;
    }

    /// <summary>Serves a connection until it ends, and disposes it.</summary>
    public async Task ServeAsync(Stream connection)
    {
        using CallStream calls = new(connection);
        try
        {
            ArrayBufferWriter<byte> answer = new();
            while (await calls.FillAsync(CallStream.HeaderSize, CancellationToken.None).ConfigureAwait(false)
                && await ServeOneAsync(calls, answer).ConfigureAwait(false))
            {
                answer.ResetWrittenCount();
                if (answer.Capacity > LargestKept)
                {
                    answer = new();
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or EnvironmentLostException)
        {
            // The guest has gone, or its block has.
        }
    }

    public void Dispose() => invoker.Dispose();

    /// <summary>Answers one request; false when the connection is of no more use.</summary>
    private async Task<bool> ServeOneAsync(CallStream calls, ArrayBufferWriter<byte> answer)
    {
        int size = calls.NextSize;
        if (size < 1 || size - 1 - MaxNameSize > limits.MaxArgumentSize)
        {
            await AnswerAsync(calls, answer, size < 1 ? CallFailure.Malformed : CallFailure.ArgumentsTooLarge(limits.MaxArgumentSize), CancellationToken.None).ConfigureAwait(false);
            return false;
        }

        calls.Consume(CallStream.HeaderSize);
        if (Volatile.Read(ref _scope) is not { } scope)
        {
            return await RefuseAsync(calls, answer, size, CallFailure.NoBlock).ConfigureAwait(false);
        }

        if (Interlocked.Increment(ref _inFlight) > limits.MaxConcurrentCalls)
        {
            Interlocked.Decrement(ref _inFlight);
            return await RefuseAsync(calls, answer, size, CallFailure.TooMany(limits.MaxConcurrentCalls)).ConfigureAwait(false);
        }

        Task call = Task.CompletedTask;
        try
        {
            if (calls.Available.Length < size && !await ArriveAsync(calls, answer, size, scope).ConfigureAwait(false))
            {
                return false;
            }

            using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(scope.Ending, calls.Closed);
            Task<CallFailure?> running = Call(calls, answer, size, scope, ending.Token);
            call = running;
            await AnswerAsync(calls, answer, await running.WaitAsync(ending.Token).ConfigureAwait(false), ending.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            // The block has ended, or the caller has gone; below, whoever still listens is told.
        }
        finally
        {
            // A function that does not heed its cancellation counts until it returns.
            _ = call.ContinueWith(_ => Interlocked.Decrement(ref _inFlight), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        if (!call.IsCompleted)
        {
            // The function may still write to the other buffer.
            await AnswerAsync(calls, new(), CallFailure.Cancelled, CancellationToken.None).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Waits until a request is whole.</summary>
    private async Task<bool> ArriveAsync(CallStream calls, ArrayBufferWriter<byte> answer, int size, CallScope scope)
    {
        using CancellationTokenSource late = new(LongestArrival, timeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, scope.Ending);
        try
        {
            return await calls.FillAsync(size, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await AnswerAsync(calls, answer, scope.Ending.IsCancellationRequested ? CallFailure.NoBlock : CallFailure.Late, CancellationToken.None).ConfigureAwait(false);
            return false;
        }
    }

    private static async Task<bool> RefuseAsync(CallStream calls, ArrayBufferWriter<byte> answer, int size, CallFailure failure)
    {
        if (!await calls.SkipAsync(size, CancellationToken.None).ConfigureAwait(false))
        {
            return false;
        }

        await AnswerAsync(calls, answer, failure, CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    /// <summary>Reads the request that has arrived, and runs what it asks for. The result is in <paramref name="answer"/> unless it failed.</summary>
    private Task<CallFailure?> Call(CallStream calls, ArrayBufferWriter<byte> answer, int size, CallScope scope, CancellationToken cancellationToken)
    {
        ReadOnlySpan<byte> request = calls.Available[..size];
        int nameSize = request[0];
        if (1 + nameSize > size)
        {
            calls.Consume(size);
            return Task.FromResult<CallFailure?>(CallFailure.Malformed);
        }

        ReadOnlySpan<byte> json = request[(1 + nameSize)..];
        HostFunctionCall? call = null;
        if (functions.TryGetValue(Encoding.UTF8.GetString(request.Slice(1, nameSize)), out AIFunction? function))
        {
            call = new HostFunctionCall(function, scope, HostFunctionCall.Beginning(json));
            call.Refusal = json.Length > limits.MaxArgumentSize ? CallFailure.ArgumentsTooLarge(limits.MaxArgumentSize)
                : !_rate.TryTake() ? CallFailure.TooOften(limits.MaxCallsPerSecond)
                : ArgumentCheck.Read(function, json, call.Arguments);
        }

        calls.Consume(size);
        calls.Watch();
        return call is null ? Task.FromResult<CallFailure?>(CallFailure.Unknown) : invoker.InvokeAsync(call, Begin(answer), limits.MaxResultSize, cancellationToken);
    }

    private static ArrayBufferWriter<byte> Begin(ArrayBufferWriter<byte> answer)
    {
        answer.ResetWrittenCount();
        answer.GetSpan(AnswerHeaderSize)[..AnswerHeaderSize].Clear();
        answer.Advance(AnswerHeaderSize);
        return answer;
    }

    private static ValueTask AnswerAsync(CallStream calls, ArrayBufferWriter<byte> answer, CallFailure? failure, CancellationToken cancellationToken)
    {
        if (failure is not null)
        {
            failure.WriteTo(Begin(answer));
        }

        Span<byte> header = MemoryMarshal.AsMemory(answer.WrittenMemory).Span;
        BinaryPrimitives.WriteInt32LittleEndian(header, answer.WrittenCount - AnswerHeaderSize);
        header[4] = failure is null ? (byte)0 : (byte)1;
        return calls.WriteAsync(answer.WrittenMemory, cancellationToken);
    }
}
