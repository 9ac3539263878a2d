using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Glovebox.Egress;
using Glovebox.Functions;
using Glovebox.Server.Requests;

namespace Glovebox.Server.Functions;

/// <summary>An address of the client at which it answers calls. It is the client's choice and the server's network, so it must be public,
/// unless who runs the server has named its host; and the address that was checked is the one that is connected to.</summary>
internal sealed class Callback : IDisposable
{
    private const int LargestAnswer = 4 << 20;

    private readonly Uri _address;
    private readonly string? _secret;
    private readonly bool _isTrusted;
    private readonly HttpClient _client;

    /// <param name="address">Where calls go.</param>
    /// <param name="secret">Sent as a bearer token, so that the client knows who calls; null for none.</param>
    /// <param name="trustedHosts">Hosts that may have private addresses.</param>
    /// <exception cref="ApiException">It is no address of HTTP.</exception>
    public Callback(string address, string? secret, IEnumerable<string> trustedHosts)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
        {
            throw ApiException.Invalid("callback.url is an address with http or https, and without a user.");
        }

        _address = uri;
        _secret = secret;
        _isTrusted = trustedHosts.Contains(uri.Host, StringComparer.OrdinalIgnoreCase);
        _client = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = ConnectAsync,
        })
        {
            MaxResponseContentBufferSize = LargestAnswer,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Sends a call and gives the result that the client answers.</summary>
    /// <exception cref="HostFunctionException">There is none.</exception>
    public async Task<JsonElement?> CallAsync(JsonObject call, TimeSpan longest, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timed.CancelAfter(longest);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, _address)
            {
                Content = new StringContent(call.ToJsonString(), Encoding.UTF8, "application/json"),
            };
            request.Headers.Authorization = _secret is null ? null : new AuthenticationHeaderValue("Bearer", _secret);
            using HttpResponseMessage response = await _client.SendAsync(request, timed.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new HostFunctionException($"The client's address answered with the status {(int)response.StatusCode}.");
            }

            byte[] body = await response.Content.ReadAsByteArrayAsync(timed.Token).ConfigureAwait(false);
            AnswerBody answer = JsonSerializer.Deserialize(body, FunctionJson.Default.AnswerBody) ?? throw new JsonException();
            return answer.Error is { } error ? throw new HostFunctionException(error) : answer.Result;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw PendingCalls.NoAnswer(longest);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            // What is at an address that guest code makes the server call is not for guest code to know.
            throw new HostFunctionException("The client's address did not answer as it should.", e);
        }
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken).ConfigureAwait(false);
        IPAddress[] allowed = _isTrusted ? addresses : [.. addresses.Where(AddressCheck.IsPublic)];
        if (allowed.Length == 0)
        {
            throw new HttpRequestException("The address of the callback is not public.");
        }

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
