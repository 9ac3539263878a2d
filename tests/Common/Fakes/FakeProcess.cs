using System.Diagnostics.CodeAnalysis;
using System.Text;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>What a program of a <see cref="FakeSandbox"/> does; its value is the exit code.</summary>
public delegate Task<int> FakeProgram(FakeProcess process);

/// <summary>A process of a <see cref="FakeSandbox"/>, as its program and its executor see it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing that has to be released.")]
public sealed class FakeProcess : ISandboxProcess
{
    private readonly TaskCompletionSource<ProcessExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _killed = new();

    internal FakeProcess(FakeSandbox sandbox, ProcessRequest request)
    {
        Sandbox = sandbox;
        Request = request;
    }

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

    public void Print(OutputStream stream, byte[] bytes) => Request.Output?.Write(stream, bytes);

    /// <summary>Runs until it is killed.</summary>
    public async Task<int> SleepAsync()
    {
        await Task.Delay(Timeout.Infinite, Killed);
        return 0;
    }

    /// <summary>Ends the process, whatever its program does.</summary>
    public void End(ProcessExit exit)
    {
        _ended.TrySetResult(exit);
        _killed.Cancel();
    }

    /// <summary>Ends the process by an error of the sandbox.</summary>
    public void Fail(Exception error)
    {
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
