using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>What a program of a <see cref="FakeSandbox"/> does; its value is the exit code.</summary>
public delegate Task<int> FakeProgram(FakeProcess process);

/// <summary>A process of a <see cref="FakeSandbox"/>, as its program and its executor see it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing that has to be released.")]
public sealed class FakeProcess : ISandboxProcess
{
    private readonly OutputHub _output;
    private readonly Pipe _input = new();
    private bool _isInputClosed;
    private readonly TaskCompletionSource<ProcessExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _killed = new();

    internal FakeProcess(FakeSandbox sandbox, ProcessRequest request, int id)
    {
        Sandbox = sandbox;
        Request = request;
        Id = id;
        Size = request.Terminal;
        _output = new OutputHub(request);
    }

    public int Id { get; }

    public string Program => Request.Programs[0];

    public bool HasTerminal => Request.Terminal is not null;

    public DateTimeOffset StartedAt { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>What is written to the standard input of the process.</summary>
    public Stream Input => _input.Reader.AsStream();

    /// <summary>The signals that it got.</summary>
    public ConcurrentQueue<ProcessSignal> Signals { get; } = new();

    /// <summary>The size of its terminal.</summary>
    public TerminalSize? Size { get; private set; }

    public FakeSandbox Sandbox { get; }

    public ProcessRequest Request { get; }

    public FakeFiles Files => Sandbox.Memory;

    public Task<ProcessExit> Ended => _ended.Task;

    /// <summary>Cancelled when the process is to end. A program that lets the cancellation through has been killed.</summary>
    public CancellationToken Killed => _killed.Token;

    /// <summary>The path of the code, which is the last argument.</summary>
    public string CodePath => WorkspacePath.Normalize(Request.Arguments[^1]);

    /// <summary>The code, as it was saved; empty when the last argument is no file.</summary>
    public string Code => Encoding.UTF8.GetString(Files.Find(CodePath) ?? []);

    /// <summary>A program that prints a text.</summary>
    public static FakeProgram Prints(string text) => process =>
    {
        process.Print(text);
        return Task.FromResult(0);
    };

    public void Kill() => _killed.Cancel();

    public void Print(string text) => Print(OutputStream.StandardOutput, Encoding.UTF8.GetBytes(text));

    public void Print(OutputStream stream, byte[] bytes) => _output.Write(stream, bytes);

    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        if (!Request.HasOpenInput || _isInputClosed)
        {
            throw new InvalidOperationException("The input is not open.");
        }

        if (Ended.IsCompleted)
        {
            throw new IOException("The process has ended.");
        }

        await _input.Writer.WriteAsync(data, cancellationToken);
    }

    public async Task CloseInputAsync(CancellationToken cancellationToken = default)
    {
        _isInputClosed = Request.HasOpenInput ? true : throw new InvalidOperationException("The input is not open.");
        await _input.Writer.CompleteAsync();
    }

    public Task<bool> SignalAsync(ProcessSignal signal, CancellationToken cancellationToken = default)
    {
        Signals.Enqueue(signal);
        return Task.FromResult(!Ended.IsCompleted);
    }

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken = default)
    {
        Size = HasTerminal ? size : throw new InvalidOperationException("There is no terminal.");
        return Task.CompletedTask;
    }

    public IAsyncEnumerable<ProcessOutput> ReadOutputAsync(CancellationToken cancellationToken = default) => _output.ReadAsync(cancellationToken);

    /// <summary>Runs until it is killed.</summary>
    public async Task<int> SleepAsync()
    {
        await Task.Delay(Timeout.Infinite, Killed);
        return 0;
    }

    /// <summary>Ends the process, whatever its program does.</summary>
    public void End(ProcessExit exit)
    {
        _output.Complete();
        _ended.TrySetResult(exit);
        _killed.Cancel();
    }

    /// <summary>Ends the process by an error of the sandbox.</summary>
    public void Fail(Exception error)
    {
        _output.Complete();
        _ended.TrySetException(error);
        _killed.Cancel();
    }

    internal async Task RunAsync(FakeProgram program)
    {
        try
        {
            int exitCode = await program(this);
            End(new(ProcessExitKind.Exited, exitCode) { ListFiles = Request.ListsFiles && Sandbox.ReportsFiles ? Files.ListAsync : null });
        }
        catch (OperationCanceledException) when (Killed.IsCancellationRequested)
        {
            End(new(ProcessExitKind.Killed, 137));
        }
        catch (Exception e)
        {
            // A test that asks for what the fake cannot do fails by it.
            Fail(e);
        }
    }
}
