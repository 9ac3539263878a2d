using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Glovebox.Egress;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Local;

namespace Glovebox.Tests.Common.Egress;

/// <summary>The proxy without a sandbox: what guest code could send to it, a test sends itself.</summary>
internal sealed class ProxyOnHost : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly EgressProxy _proxy;
    private readonly Sandbox _sandbox;
    private readonly EgressRequest _request;
    private readonly ConcurrentQueue<EgressEvent> _events;

    private ProxyOnHost(EgressProxy proxy, Sandbox sandbox, EgressRequest request, ConcurrentQueue<EgressEvent> events) =>
        (_proxy, _sandbox, _request, _events) = (proxy, sandbox, request, events);

    public IReadOnlyCollection<EgressEvent> Events => _events;

    /// <summary>The certificate by which it ends TLS; empty where it does not.</summary>
    public string Pem => _sandbox.Pem;

    /// <summary>What stands for the value of its one secret.</summary>
    public string Placeholder => _request.Setup.Options.Secrets.Single().Placeholder;

    public int Port => ((IPEndPoint)_sandbox.Listener!.EndPoint).Port;

    public static async Task<ProxyOnHost> StartAsync(
        ExecutionPolicy policy, Action<EgressOptions>? configure = null, TimeProvider? time = null)
    {
        EgressOptions options = new();
        configure?.Invoke(options);
        options.Validate(policy);
        ConcurrentQueue<EgressEvent> events = new();
        EgressRequest request = new(
            new EgressSetup(policy, options.Copy()),
            e =>
            {
                events.Enqueue(e);
                return Task.CompletedTask;
            },
            time ?? TimeProvider.System);
        Sandbox sandbox = new();
        return new(await EgressProxy.StartAsync(sandbox, request, TestContext.Current.CancellationToken), sandbox, request, events);
    }

    /// <summary>Begins a connection to it.</summary>
    public async Task<NetworkStream> ConnectAsync()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port, TestContext.Current.CancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Sends text, and gives all that is answered until the proxy ends the connection, or until it has ended an answer and gets
    /// nothing more.</summary>
    public async Task<string> AskAsync(string text)
    {
        await using NetworkStream stream = await ConnectAsync();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);
        stream.Socket.Shutdown(SocketShutdown.Send);
        return await ReadToEndAsync(stream);
    }

    /// <summary>Begins a connection through it, and TLS in it.</summary>
    /// <param name="target">What is connected to.</param>
    /// <param name="name">What TLS names; null: the host that is connected to.</param>
    /// <param name="pem">What the client trusts; null: the proxy's own certificate.</param>
    /// <param name="protocol">What is to be spoken; null: nothing is said about it.</param>
    public async Task<SslStream> ConnectTlsAsync(string target, string? name = null, string? pem = null, SslApplicationProtocol? protocol = null)
    {
        NetworkStream stream = await ConnectAsync();
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"));
        string answer = await ReadHeadAsync(stream);
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        SslStream tls = new(stream);
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = name ?? target[..target.LastIndexOf(':')],
            ApplicationProtocols = protocol is { } one ? [one] : null,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { X509Certificate2.CreateFromPem(pem ?? Pem) },
            },
        };
        try
        {
            await tls.AuthenticateAsClientAsync(options, TestContext.Current.CancellationToken);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends text through TLS that is begun for it, and gives the answer.</summary>
    public async Task<string> AskTlsAsync(string target, string text, string? name = null)
    {
        await using SslStream tls = await ConnectTlsAsync(target, name);
        await tls.WriteAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);
        await tls.ShutdownAsync();
        return await ReadToEndAsync(tls);
    }

    /// <summary>Reads to the end; an end that is no proper one is none of the test's.</summary>
    public static async Task<string> ReadToEndAsync(Stream stream)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(Limit);
        using MemoryStream all = new();
        try
        {
            await stream.CopyToAsync(all, late.Token);
        }
        catch (IOException)
        {
            // It was reset.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    /// <summary>Reads the head of an answer and not a byte more.</summary>
    public static async Task<string> ReadHeadAsync(Stream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)
            && await stream.ReadAsync(one, TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();

    /// <summary>A sandbox that is none: where the proxy would listen inside, it listens on the host.</summary>
    private sealed class Sandbox : ISandbox
    {
        public string Pem { get; private set; } = "";

        public LocalListener? Listener { get; private set; }

        public string Kind => "test";

        public string WorkDirectory => "/";

        public SandboxCapabilities Capabilities { get; } = new() { Kind = "test", IsIsolated = true, UsesGuestAgent = true, Controls = [] };

        public Task Ended { get; } = new TaskCompletionSource().Task;

        public IWorkspace Workspace => throw new NotSupportedException();

        public ISandboxFiles Files => throw new NotSupportedException();

        public IReadOnlyList<ISandboxProcess> Processes => [];

        public Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default)
        {
            Pem = Encoding.ASCII.GetString(request.StandardInput.Span);
            return Task.FromResult<ISandboxProcess>(new EndedProcess());
        }

        public Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
            Task.FromResult<ISandboxListener>(Listener = new LocalListener(new IPEndPoint(IPAddress.Loopback, 0)));

        public Task EndProcessesAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => ValueTask.FromResult(false);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
    /// <summary>A process that has done what it had to.</summary>
    private sealed class EndedProcess : ISandboxProcess
    {
        public int Id => 1;

        public string Program => "sh";

        public bool HasTerminal => false;

        public DateTimeOffset StartedAt => TimeProvider.System.GetUtcNow();

        public Task<ProcessExit> Ended { get; } = Task.FromResult(new ProcessExit(ProcessExitKind.Exited, 0));

        public void Kill()
        {
        }

        public Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task CloseInputAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task<bool> SignalAsync(ProcessSignal signal, CancellationToken cancellationToken = default) => Task.FromResult(false);

        public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public IAsyncEnumerable<ProcessOutput> ReadOutputAsync(CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
