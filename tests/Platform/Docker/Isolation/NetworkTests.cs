using System.Net;
using System.Net.Sockets;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Isolation;

/// <summary>What of the network guest code reaches: a port of the host, which the internet need not have.</summary>
public sealed class NetworkTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Any, 0);

    public NetworkTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    private async Task<string> AttemptAsync()
    {
        string host = await DockerCommand.HostAddressAsync();
        return $"(exec 3<>/dev/tcp/{host}/{Port}) 2>/dev/null && echo reached || echo 'no way'";
    }

    private static Task<DockerCommandLineCodeExecutor> StartAsync(NetworkAccess network, string? init, string image = TestImages.Python, DockerInternals? internals = null) =>
        TestContainers.StartAsync(new() { Image = image, InitCommand = init, Policy = new() { Network = network } }, internals);

    [Theory]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task Set_up_reaches_the_network_and_guest_code_does_not(string image)
    {
        string attempt = await AttemptAsync();
        string init = $"bash -c \"{attempt}\" >/etc/attempt";
        await using DockerCommandLineCodeExecutor executor = await StartAsync(NetworkAccess.SetupOnly, init, image);
        Assert.Equal("reached", await executor.PrintAsync("bash", "cat /etc/attempt"));
        Assert.Equal("no way", await executor.PrintAsync("bash", attempt));
        Assert.Equal("lo", await executor.PrintAsync("bash", "ls /sys/class/net | grep -v -e tunl -e sit -e gre -e ip_vti -e ip6"));

        await using DockerCommandLineCodeExecutor canary = await StartAsync(NetworkAccess.SetupOnly, init, image, new() { CutsNetwork = false });
        Assert.Equal("reached", await canary.PrintAsync("bash", attempt));
    }

    [Theory]
    [InlineData(NetworkAccess.None, null)]
    [InlineData(NetworkAccess.SetupOnly, null)]
    [InlineData(NetworkAccess.SetupOnly, "true")]
    [InlineData(NetworkAccess.Full, null)]
    public async Task Programs_reach_themselves_by_localhost_and_by_the_containers_name(NetworkAccess network, string? init)
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(network, init);
        Assert.Equal("localhost reached\nglovebox reached", await executor.PrintAsync("python", """
            import socket
            assert socket.getfqdn()
            for name in 'localhost', socket.gethostname():
                server = socket.create_server(('', 0))
                socket.create_connection((name, server.getsockname()[1]), 5)
                print(name, 'reached')
            """));
    }

    [Fact]
    public async Task Without_a_set_up_there_is_no_network_from_the_beginning()
    {
        string attempt = await AttemptAsync();
        await using DockerCommandLineCodeExecutor executor = await StartAsync(NetworkAccess.SetupOnly, null);
        Assert.Equal("no way", await executor.PrintAsync("bash", attempt));
    }

    [Fact]
    public async Task None_gives_set_up_none_either()
    {
        string attempt = await AttemptAsync();
        await using DockerCommandLineCodeExecutor executor = await StartAsync(NetworkAccess.None, $"bash -c \"{attempt}\" >/etc/attempt");
        Assert.Equal("no way", await executor.PrintAsync("bash", "cat /etc/attempt"));
        Assert.Equal("no way", await executor.PrintAsync("bash", attempt));
    }

    [Fact]
    public async Task Full_is_the_engines_network()
    {
        string attempt = await AttemptAsync();
        await using DockerCommandLineCodeExecutor executor = await StartAsync(NetworkAccess.Full, null);
        Assert.Equal("reached", await executor.PrintAsync("bash", attempt));
        Assert.Equal(EnforcementLevel.None, executor.GetService<SandboxCapabilities>()!.Control("network")!.Level);
    }

    [Fact]
    public async Task After_a_restart_the_network_is_cut_again()
    {
        string attempt = await AttemptAsync();
        await using DockerCommandLineCodeExecutor executor = await StartAsync(NetworkAccess.SetupOnly, "true");
        await executor.RestartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("no way", await executor.PrintAsync("bash", attempt));
    }
}
