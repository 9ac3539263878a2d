using System.Net;
using System.Net.Sockets;
using System.Text;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Sandboxes.Local;

namespace Glovebox.Tests.Platform.Agent;

/// <summary>Sockets inside a sandbox by which guest code reaches the host.</summary>
public sealed class ListenerTests : IAsyncLifetime
{
    private readonly SandboxRequest _request = new();
    private ISandbox _sandbox = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _sandbox = await new BubblewrapSandboxProvider().StartAsync(_request, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _sandbox.DisposeAsync();
        await _request.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Guest_code_talks_to_the_host_and_each_side_ends_when_it_likes(bool isTcp)
    {
        EndPoint place = isTcp ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint("/tmp/host");
        await using ISandboxListener listener = await _sandbox.ListenAsync(place, Cancellation);
        string address = listener.EndPoint is IPEndPoint port ? $"s = socket.create_connection(('127.0.0.1', {port.Port}))" : "s = socket.socket(socket.AF_UNIX); s.connect('/tmp/host')";
        Sink sink = new();
        Task<ProcessExit> running = _sandbox.RunAsync(
            new ProcessRequest(["python3"], ["-c", $"import socket\n{address}\ns.sendall(b'x' * 1_000_000)\ns.shutdown(socket.SHUT_WR)\nprint(s.makefile().read())"]) { Output = sink },
            Cancellation);
        await using Stream connection = await listener.AcceptAsync(Cancellation);
        using MemoryStream received = new();
        await connection.CopyToAsync(received, Cancellation);
        Assert.Equal(1_000_000, received.Length);
        await connection.WriteAsync("read"u8.ToArray(), Cancellation);
        await connection.DisposeAsync();
        Assert.Equal(0, (await running).ExitCode);
        Assert.Equal("read\n", sink.Text);
    }

    [Fact]
    public async Task A_listener_that_is_disposed_takes_no_more_and_its_place_is_free_again()
    {
        UnixDomainSocketEndPoint place = new("/tmp/again");
        ISandboxListener first = await _sandbox.ListenAsync(place, Cancellation);
        Task<Stream> accepting = first.AcceptAsync(Cancellation);
        await first.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => accepting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => first.AcceptAsync(Cancellation));
        Assert.Equal(1, (await ConnectAsync("/tmp/again")).ExitCode);

        // The canary: with a listener there, the same program connects.
        await using ISandboxListener second = await _sandbox.ListenAsync(place, Cancellation);
        Task<ProcessExit> connecting = ConnectAsync("/tmp/again");
        await using Stream connection = await second.AcceptAsync(Cancellation);
        Assert.Equal(0, (await connecting).ExitCode);
    }

    [Fact]
    public async Task A_place_that_cannot_be_had_is_an_error()
    {
        await Assert.ThrowsAsync<IOException>(() => _sandbox.ListenAsync(new UnixDomainSocketEndPoint("/usr/host"), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => _sandbox.ListenAsync(new IPEndPoint(IPAddress.Any, 80), Cancellation));
        await using ISandboxListener listener = await _sandbox.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), Cancellation);
        Assert.Equal(0, (await _sandbox.RunAsync(new ProcessRequest(["true"], []), Cancellation)).ExitCode);
    }

    [Fact]
    public async Task Who_waits_for_a_connection_hears_that_the_sandbox_has_ended()
    {
        ISandboxListener listener = await _sandbox.ListenAsync(new UnixDomainSocketEndPoint("/tmp/end"), Cancellation);
        Task<Stream> accepting = listener.AcceptAsync(Cancellation);
        await _sandbox.DisposeAsync();
        await Assert.ThrowsAsync<SandboxLostException>(() => accepting);
        await listener.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_that_was_given_up_does_not_take_the_next_one()
    {
        await using ISandboxListener listener = await _sandbox.ListenAsync(new UnixDomainSocketEndPoint("/tmp/given-up"), Cancellation);
        using CancellationTokenSource giveUp = new();
        Task<Stream> accepting = listener.AcceptAsync(giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
        Task<ProcessExit> connecting = ConnectAsync("/tmp/given-up");
        await using Stream connection = await listener.AcceptAsync(Cancellation);
        Assert.Equal(0, (await connecting).ExitCode);
    }

    [Fact]
    public async Task Programs_on_the_host_reach_a_listener_of_a_local_sandbox()
    {
        await using SandboxRequest request = new();
        await using ISandbox local = await new LocalSandboxProvider().StartAsync(request, Cancellation);
        await using ISandboxListener listener = await local.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), Cancellation);
        int port = ((IPEndPoint)listener.EndPoint).Port;
        Task<ProcessExit> connecting = local.RunAsync(
            new ProcessRequest(["python3"], ["-c", $"import socket; socket.create_connection(('127.0.0.1', {port})).sendall(b'x')"]), Cancellation);
        await using Stream connection = await listener.AcceptAsync(Cancellation);
        Assert.Equal(1, await connection.ReadAsync(new byte[2], Cancellation));
        Assert.Equal(0, (await connecting).ExitCode);
    }

    private Task<ProcessExit> ConnectAsync(string path) => _sandbox.RunAsync(
        new ProcessRequest(["python3"], ["-c", $"import socket; socket.socket(socket.AF_UNIX).connect('{path}')"]), Cancellation);

    private sealed class Sink : IOutputSink
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Write(OutputStream stream, ReadOnlySpan<byte> data) => _text.Append(Encoding.UTF8.GetString(data));
    }
}
