using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Glovebox.Egress;

/// <summary>The proxy by which guest code of one sandbox reaches the hosts that it may. It listens on the guest's loopback, for HTTP and
/// SOCKS 5 alike; each connection is carried here, where it is decided.</summary>
internal sealed class EgressProxy : IAsyncDisposable
{
    /// <summary>The port in the guest, which the variables name.</summary>
    public const int Port = 3128;

    private readonly ISandboxListener _listener;
    private readonly EgressRequest _request;
    private readonly EgressGate _gate;
    private readonly HttpRelay _relay;
    private readonly SandboxAuthority? _authority;
    private readonly CancellationTokenSource _ending = new();
    private readonly HashSet<Task> _serving = [];
    private readonly Task _accepting;
    private long _last;

    private EgressProxy(ISandboxListener listener, EgressRequest request, SandboxAuthority? authority)
    {
        (_listener, _request, _authority) = (listener, request, authority);
        _gate = new EgressGate(request.Setup.Policy, request.Setup.Options, request.Time, _ending.Token);
        _relay = new HttpRelay(_gate, request.Setup.Authorities);
        _accepting = AcceptAsync();
    }

    /// <summary>Opens the proxy in a sandbox in which no guest code has run.</summary>
    /// <param name="sandbox">The sandbox. It stays the caller's, and outlives the proxy.</param>
    /// <param name="request">What is allowed, and who is told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PolicyNotEnforceableException">The sandbox is not isolated, or has no guest agent.</exception>
    public static async Task<EgressProxy> StartAsync(ISandbox sandbox, EgressRequest request, CancellationToken cancellationToken)
    {
        if (!sandbox.Capabilities.IsIsolated || !sandbox.Capabilities.UsesGuestAgent)
        {
            throw new PolicyNotEnforceableException(
                $"The {sandbox.Kind} sandbox cannot enforce a list of allowed domains: "
                + (sandbox.Capabilities.IsIsolated ? "it has no guest agent, which needs Python 3." : "it isolates nothing."),
                "Use a sandbox with a guest agent, or another value of Policy.Network.");
        }

        SandboxAuthority? authority = request.Setup.EndsTls ? new SandboxAuthority(request.Time) : null;
        try
        {
            if (authority is not null)
            {
                await EgressSetup.InstallAsync(sandbox, authority, cancellationToken).ConfigureAwait(false);
            }

            ISandboxListener listener =
                await sandbox.ListenAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken).ConfigureAwait(false);
            EgressProxy proxy = new(listener, request, authority);
            authority = null;
            return proxy;
        }
        catch (IOException e)
        {
            throw new SandboxUnavailableException(
                "egress-failed", $"The egress proxy cannot listen at port {Port} of the sandbox: {e.Message}", null, e);
        }
        finally
        {
            authority?.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task[] serving;
        lock (_serving)
        {
            serving = [.. _serving];
        }

        await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _relay.Dispose();
        _authority?.Dispose();
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Stream guest;
            try
            {
                guest = await _listener.AcceptAsync(_ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or CodeExecutionException or IOException)
            {
                return;
            }

            Task serving = Task.Run(() => ServeAsync(guest, Interlocked.Increment(ref _last)));
            lock (_serving)
            {
                _serving.Add(serving);
            }

            _ = serving.ContinueWith(
                ended =>
                {
                    lock (_serving)
                    {
                        _serving.Remove(ended);
                    }
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Stream stream, long number)
    {
        EgressReport report = new(_request.Report, number);
        GuestConnection guest = new(stream, _gate, _request.Setup.Options.IdleTimeout, _request.Time, _ending.Token);
        string? reason = null;
        await using (guest.ConfigureAwait(false))
        {
            try
            {
                await new ProxyConversation(guest, _gate, _relay, _authority, report).RunAsync().ConfigureAwait(false);
            }
            catch (EgressRefusal e)
            {
                reason = e.Reason;
            }
            catch (OperationCanceledException)
            {
                reason = guest.IsIdle ? "idle" : null;
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or AuthenticationException)
            {
                // One of the two ends went away, or does not speak what it began to.
            }
            finally
            {
                await report.ClosedAsync(guest.Sent, guest.Received, reason).ConfigureAwait(false);
            }
        }
    }
}
