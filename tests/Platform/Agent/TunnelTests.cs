using System.Net;
using System.Security.Cryptography;
using System.Text;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Platform.Agent;

/// <summary>Connections through the guest agent to servers in a real sandbox, which has no network.</summary>
public sealed class TunnelTests
{
    /// <summary>Sends back what it gets; ends its side when the other side has ended.</summary>
    private const string Echo = """
        import os, socket, threading
        def serve(listener):
            while True:
                c, _ = listener.accept()
                threading.Thread(target=echo, args=(c,), daemon=True).start()
        def echo(c):
            while data := c.recv(65536):
                c.sendall(data)
            c.sendall(b'bye')
            c.close()
        unix = socket.socket(socket.AF_UNIX); unix.bind('/tmp/echo'); unix.listen(500)
        tcp = socket.socket(); tcp.bind(('127.0.0.1', 7007)); tcp.listen(500)
        print('ready')
        threading.Thread(target=serve, args=(tcp,), daemon=True).start()
        serve(unix)
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_go_both_ways_and_each_side_ends_by_itself(bool isTcp)
    {
        await using GuestService service = await GuestService.StartAsync(Echo);
        await using Stream tunnel = isTcp ? await service.ConnectAsync(7007) : await service.ConnectAsync("/tmp/echo");
        byte[] sent = RandomNumberGenerator.GetBytes(3_000_000);
        Task writing = tunnel.WriteAsync(sent, Cancellation).AsTask();
        byte[] received = new byte[sent.Length];
        await tunnel.ReadExactlyAsync(received, Cancellation);
        await writing;
        Assert.Equal(sent, received);

        await ((AgentStream)tunnel).EndWritesAsync();
        using StreamReader rest = new(tunnel, Encoding.ASCII);
        Assert.Equal("bye", await rest.ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task Many_tunnels_are_open_at_once()
    {
        await using GuestService service = await GuestService.StartAsync(Echo);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            await using Stream tunnel = await service.ConnectAsync("/tmp/echo");
            byte[] sent = Encoding.ASCII.GetBytes($"number {i}");
            await tunnel.WriteAsync(sent, Cancellation);
            byte[] received = new byte[sent.Length];
            await tunnel.ReadExactlyAsync(received, Cancellation);
            Assert.Equal(sent, received);
        }));
    }

    [Fact]
    public async Task A_tunnel_that_nobody_reads_is_bounded_and_holds_up_no_other()
    {
        await using GuestService service = await GuestService.StartAsync(
            """
            import os, socket, threading
            def flood(c):
                sent = 0
                c.setblocking(True); c.settimeout(2)
                try:
                    while True: sent += c.send(b'x' * 65536)
                except TimeoutError:
                    pass
                c.settimeout(None)
                open('/tmp/sent', 'w').write(str(sent))
            unix = socket.socket(socket.AF_UNIX); unix.bind('/tmp/flood'); unix.listen(5)
            print('ready')
            while True:
                c, _ = unix.accept()
                threading.Thread(target=flood, args=(c,)).start()
            """);
        await using Stream unread = await service.ConnectAsync("/tmp/flood");
        (_, string sent) = await service.ShellAsync("while [ ! -s /tmp/sent ]; do sleep 0.02; done; cat /tmp/sent");

        // What the host takes, what the agent holds for it, and what the kernel keeps of the socket.
        Assert.InRange(int.Parse(sent, System.Globalization.CultureInfo.InvariantCulture), AgentStream.Window, 2_000_000);
        byte[] buffer = new byte[AgentStream.Window];
        await unread.ReadExactlyAsync(buffer, Cancellation);
    }

    [Fact]
    public async Task A_server_that_reads_nothing_makes_the_writer_wait_and_cancelling_ends_the_wait()
    {
        await using GuestService service = await GuestService.StartAsync(
            "import socket, time\nu = socket.socket(socket.AF_UNIX); u.bind('/tmp/deaf'); u.listen(5)\nprint('ready')\nkept = [u.accept() for _ in range(5)]\ntime.sleep(600)");
        await using Stream tunnel = await service.ConnectAsync("/tmp/deaf");
        using CancellationTokenSource giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task writing = tunnel.WriteAsync(new byte[10_000_000], giveUp.Token).AsTask();

        // The channel is free for others all the while.
        (_, string output) = await service.ShellAsync("echo on");
        Assert.Equal("on\n", output);
        Assert.False(writing.IsCompleted);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    [Fact]
    public async Task Where_nothing_listens_connecting_fails_in_words()
    {
        await using GuestService service = await GuestService.StartAsync(Echo);
        IOException missing = await Assert.ThrowsAsync<IOException>(() => service.ConnectAsync("/tmp/nobody"));
        Assert.Equal("No such file or directory", missing.Message);
        IOException refused = await Assert.ThrowsAsync<IOException>(() => service.ConnectAsync(7008));
        Assert.Equal("Connection refused", refused.Message);
        await Assert.ThrowsAsync<ArgumentException>(() => service.Sandbox.ConnectAsync(new IPEndPoint(IPAddress.Parse("10.0.0.1"), 80), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => service.ConnectAsync("relative"));
    }

    [Fact]
    public async Task When_the_server_dies_the_tunnel_ends()
    {
        await using GuestService service = await GuestService.StartAsync(Echo);
        await using Stream tunnel = await service.ConnectAsync("/tmp/echo");
        await service.ShellAsync("pkill -9 -f 7007 || kill -9 $(grep -la 7007 /proc/[0-9]*/cmdline | grep -v self | cut -d/ -f3 | head -1)");
        byte[] buffer = new byte[10];
        Assert.Equal(0, await tunnel.ReadAsync(buffer, Cancellation));
    }

    [Fact]
    public async Task When_the_environment_ends_a_waiting_reader_learns_of_it()
    {
        await using GuestService service = await GuestService.StartAsync(Echo);
        await using Stream tunnel = await service.ConnectAsync("/tmp/echo");
        Task<int> reading = tunnel.ReadAsync(new byte[10], Cancellation).AsTask();
        await service.Sandbox.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    [Fact]
    public async Task A_closed_tunnel_is_closed_inside_too()
    {
        await using GuestService service = await GuestService.StartAsync(
            "import socket\nu = socket.socket(socket.AF_UNIX); u.bind('/tmp/one'); u.listen(5)\nprint('ready')\nc, _ = u.accept()\ntry: c.recv(1)\nexcept OSError: pass\nprint('closed')");
        await (await service.ConnectAsync("/tmp/one")).DisposeAsync();
        await service.Exit.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.EndsWith("closed\n", service.Output, StringComparison.Ordinal);
    }
}
