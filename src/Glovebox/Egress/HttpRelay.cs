using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Glovebox.Egress;

/// <summary>Sends requests of guest code on, each of which is decided. What was read is written anew, so that no server reads more into it
/// than was judged here.</summary>
internal sealed class HttpRelay : IDisposable
{
    /// <summary>How many connections to servers there may be before one that has answered is not kept for a next request: as many as the
    /// guest has itself. A guest that asks host after host would else leave thousands open.</summary>
    private const int MaxKept = 256;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private static readonly HttpRequestOptionsKey<EgressGrant> GrantKey = new("glovebox.grant");

    private readonly EgressGate _gate;
    private readonly X509Certificate2Collection _authorities;
    private readonly HttpMessageInvoker _client;
    private readonly HttpMessageInvoker _once;
    private int _open;

    public HttpRelay(EgressGate gate, X509Certificate2Collection authorities)
    {
        (_gate, _authorities) = (gate, authorities);
        _client = Client(TimeSpan.FromMinutes(2));
        _once = Client(TimeSpan.Zero);
    }

    /// <summary>Sends requests on until the client has no more, or asks for a tunnel.</summary>
    /// <param name="client">Who sends them.</param>
    /// <param name="tunnel">The host to which they have to be, where the client has connected to one.</param>
    /// <returns>What the client wants to be connected to; null at the end.</returns>
    public async Task<string?> RunAsync(HttpClientSide client, EgressGrant? tunnel)
    {
        while (true)
        {
            HttpExchange exchange;
            try
            {
                if (await client.ReadHeadAsync().ConfigureAwait(false) is not { } head)
                {
                    return null;
                }

                if (tunnel is null && head.Method == "CONNECT")
                {
                    return head.Target;
                }

                exchange = new HttpExchange(client, head, tunnel);
            }
            catch (EgressRefusal e)
            {
                await client.Report.RefusedAsync(tunnel?.Host.ToString() ?? "", tunnel?.Port ?? 0, e).ConfigureAwait(false);
                await client.RefuseAsync(e, keepsOpen: false).ConfigureAwait(false);
                return null;
            }

            using (exchange)
            {
                if (!await exchange.RunAsync(_gate, SendAsync).ConfigureAwait(false))
                {
                    return null;
                }
            }
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _once.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, EgressGrant grant, CancellationToken cancellationToken)
    {
        request.Options.Set(GrantKey, grant);
        HttpMessageInvoker client = Volatile.Read(ref _open) < MaxKept ? _client : _once;
        try
        {
            return await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            // What our own code threw while it connected, or while it read the guest's body, is inside.
            for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            {
                if (cause is EgressRefusal refusal)
                {
                    throw refusal;
                }
            }

            throw new EgressRefusal("unreachable", $"{grant.Host}:{grant.Port} did not answer: {Why(e)}.", 502);
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (!context.InitialRequestMessage.Options.TryGetValue(GrantKey, out EgressGrant? grant))
        {
            throw new InvalidOperationException("A request without a grant.");
        }

        Socket socket = await _gate.ConnectAsync(grant, cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref _open);
        return new ServerStream(socket, () => Interlocked.Decrement(ref _open));
    }

    /// <param name="lifetime">How long a connection may be used for more than one request.</param>
    private HttpMessageInvoker Client(TimeSpan lifetime)
    {
        SocketsHttpHandler handler = new()
        {
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = ConnectAsync,
            MaxResponseHeadersLength = 128,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = lifetime,
            UseCookies = false,
            UseProxy = false,
        };
        handler.SslOptions.CertificateChainPolicy = ChainPolicy();
        if (_authorities.Count > 0)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = IsTrusted;
        }

        return new HttpMessageInvoker(handler);
    }

    private static string Why(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.SecureConnectionError => "its certificate is not valid for this name, or not trusted",
        HttpRequestError.InvalidResponse => "its answer is not understood",
        HttpRequestError.ResponseEnded => "it ended the connection",
        _ => e.HttpRequestError.ToString(),
    };

    /// <summary>How servers' certificates are looked at. What one names, such as an address at which its issuer is, is the server's
    /// choice, and nothing is fetched from there: the host connects to what was judged, and to nothing else.</summary>
    private static X509ChainPolicy ChainPolicy() => new()
    {
        ApplicationPolicy = { new Oid(ServerAuthentication) },
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
    };

    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? given, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server)
        {
            return errors == SslPolicyErrors.None;
        }

        using X509Chain chain = new();
        chain.ChainPolicy = ChainPolicy();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        foreach (X509ChainElement element in given?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(server);
    }
    /// <summary>A connection to a server, of whose end the relay hears.</summary>
    private sealed class ServerStream(Socket socket, Action closed) : NetworkStream(socket, ownsSocket: true)
    {
        private Action? _closed = closed;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            Interlocked.Exchange(ref _closed, null)?.Invoke();
        }
    }
}
