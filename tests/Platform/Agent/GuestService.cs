using System.Net;
using System.Net.Sockets;
using System.Text;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Agent;

/// <summary>A sandbox in which a Python program runs as a service.</summary>
internal sealed class GuestService : IAsyncDisposable, IOutputSink
{
    private readonly CancellationTokenSource _kill = new();
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GuestService(ISandbox sandbox) => Sandbox = sandbox;

    public ISandbox Sandbox { get; }

    private SandboxRequest Request { get; init; } = new();

    public Task<ProcessExit> Exit { get; private set; } = null!;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts a program and waits until it prints its first line.</summary>
    public static async Task<GuestService> StartAsync(string program, bool isService = true, ExecutionPolicy? policy = null)
    {
        SandboxRequest request = new() { Policy = policy ?? new() };
        ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, TestContext.Current.CancellationToken);
        GuestService service = new(sandbox) { Request = request };
        service.Exit = sandbox.RunAsync(
            new ProcessRequest(["python3"], ["-u", "-c", program]) { Output = service, IsService = isService }, service._kill.Token);
        await Task.WhenAny(service._ready.Task, service.Exit).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(service._ready.Task.IsCompleted, service.Output);
        return service;
    }

    public Task<Stream> ConnectAsync(string path) => Sandbox.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);

    public Task<Stream> ConnectAsync(int port) => Sandbox.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);

    public Task KillAsync() => _kill.CancelAsync();

    /// <summary>Runs a shell script beside the service.</summary>
    public Task<(ProcessExit Exit, string Output)> ShellAsync(string script) => KillableShellAsync(script, CancellationToken.None);

    /// <summary>Runs a shell script that the test kills.</summary>
    public async Task<(ProcessExit Exit, string Output)> KillableShellAsync(string script, CancellationToken kill)
    {
        Sink sink = new();
        ProcessExit exit = await Sandbox.RunAsync(new ProcessRequest(["bash"], ["-c", script]) { Output = sink }, kill);
        return (exit, sink.Text);
    }

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        lock (_output)
        {
            _output.Append(Encoding.UTF8.GetString(data));
            if (_output.ToString().Contains('\n', StringComparison.Ordinal))
            {
                _ready.TrySetResult();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        await Request.DisposeAsync();
        _kill.Dispose();
    }

    private sealed class Sink : IOutputSink
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Write(OutputStream stream, ReadOnlySpan<byte> data) => _text.Append(Encoding.UTF8.GetString(data));
    }
}
