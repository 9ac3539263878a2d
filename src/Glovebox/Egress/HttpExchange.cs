using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Glovebox.Egress;

/// <summary>One request of guest code, and its answer.</summary>
internal sealed class HttpExchange : IDisposable
{
    private const int BufferSize = 64 << 10;
    private const int MaxDrained = 64 << 10;
    private const int HttpsPort = 443;

    /// <summary>By which some servers take a request for one with another method or path.</summary>
    private static readonly string[] Overrides =
        ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"];

    private readonly HttpClientSide _client;
    private readonly HttpHead _head;
    private readonly EgressGrant? _tunnel;
    private readonly RequestBody _body;
    private readonly string _host;
    private readonly int _port;
    private readonly string _target;
    private bool _isAnswered;

    /// <exception cref="EgressRefusal">What is asked for cannot be read in one way alone.</exception>
    public HttpExchange(HttpClientSide client, HttpHead head, EgressGrant? tunnel)
    {
        (_client, _head, _tunnel) = (client, head, tunnel);
        if (head.Method.Equals("CONNECT", StringComparison.OrdinalIgnoreCase))
        {
            throw new EgressRefusal("bad-request", "A tunnel is asked for by CONNECT HOST:PORT, and not in another one.", 400);
        }

        if (tunnel is null)
        {
            (_host, _port, _target) = Authority.SplitAddress(head.Target);
        }
        else if (head.Target.StartsWith('/'))
        {
            (_host, _port, _target) = (tunnel.Host.ToString(), tunnel.Port, head.Target);
        }
        else
        {
            throw new EgressRefusal("bad-request", "A server is asked for a path.", 400);
        }

        if (_target.Contains('#'))
        {
            throw new EgressRefusal("bad-request", "A path has no fragment here.", 400);
        }

        _body = new RequestBody(
            client.Reader,
            head.BodyLength,
            () => head.ExpectsContinue ? client.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n") : default);
    }

    private string Scheme => _client.IsTls ? "https" : "http";

    private int DefaultPort => _client.IsTls ? HttpsPort : 80;

    /// <summary>Does it.</summary>
    /// <returns>Whether another request may follow.</returns>
    public async Task<bool> RunAsync(
        EgressGate gate, Func<HttpRequestMessage, EgressGrant, CancellationToken, Task<HttpResponseMessage>> send)
    {
        try
        {
            EgressGrant grant = await GrantAsync(gate).ConfigureAwait(false);
            string? rule = grant.RuleFor(_head.Method, _target);
            if (grant.LimitsRequests && (_head.IsWebSocket ? "WebSocket" : Override()) is { } unseen)
            {
                throw new EgressRefusal("request-not-in-list", $"{unseen} asks for what no rule with methods or paths can look at.");
            }

            if (grant.Secrets.Count > 0 && !_client.IsTls && _port == HttpsPort)
            {
                throw new EgressRefusal("secret-in-clear", $"{_host}:{_port} gets a secret, and it gets that by TLS alone.");
            }

            using HttpRequestMessage request = Request(grant);
            await _client.Report.AllowedAsync(grant, rule, _head.Method, _target).ConfigureAwait(false);
            using HttpResponseMessage response = await send(request, grant, _client.Guest.Over).ConfigureAwait(false);
            return await AnswerAsync(response, new SecretMask(grant.Secrets)).ConfigureAwait(false);
        }
        catch (EgressRefusal e)
        {
            await _client.Report.RefusedAsync(_host, _port, e, _head.Method, _target).ConfigureAwait(false);
            if (_isAnswered)
            {
                // The guest must not take this for a part of the answer.
                throw new IOException(e.Message, e);
            }

            bool stays = !_client.Guest.IsSpent && _head.KeepsOpen && await DrainAsync().ConfigureAwait(false);
            await _client.RefuseAsync(e, stays).ConfigureAwait(false);
            return stays;
        }
    }

    public void Dispose() => _body.Dispose();

    private async Task<EgressGrant> GrantAsync(EgressGate gate)
    {
        if (_tunnel is null)
        {
            // A proxy goes by the address alone (RFC 9112, 3.2.2); the server gets the Host of that.
            return await gate.JudgeAsync(_host, _port, _client.Guest.Over).ConfigureAwait(false);
        }

        gate.CountRequest();
        if (_head.Host is not { } host)
        {
            return _head.IsHttp10 ? _tunnel : throw new EgressRefusal("bad-request", "The request has no Host.", 400);
        }

        return Authority.IsSame(host, _tunnel.Host, _port, DefaultPort) ? _tunnel
            : throw new EgressRefusal(
                "host-differs", $"Host is {WorkspacePath.Printable(host)}, and the request is to {_tunnel.Host}:{_port}.", 400);
    }

    private string? Override() =>
        _head.Headers.Select(h => h.Name).FirstOrDefault(n => Overrides.Contains(n, StringComparer.OrdinalIgnoreCase));

    private HttpRequestMessage Request(EgressGrant grant)
    {
        string target = WithSecrets(_target, grant);
        string address = $"{Scheme}://{grant.Host}:{_port}{target}";
        if (!Uri.TryCreate(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out Uri? uri))
        {
            throw new EgressRefusal("bad-request", "The address of the request is not understood.", 400);
        }

        HttpRequestMessage request = new(new HttpMethod(_head.Method), uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        bool hasBody = _head.BodyLength != 0 || _head.Headers.Any(h => h.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase));
        if (hasBody)
        {
            request.Content = new StreamContent(_body, BufferSize);
            request.Content.Headers.ContentLength = _head.BodyLength;
            request.Headers.TransferEncodingChunked = _head.BodyLength is null ? true : null;
        }

        foreach ((string name, string value) in Headers(grant))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        if (_head.IsWebSocket)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        }

        return request;
    }

    /// <summary>The headers of the guest, with secrets in the place of what stands for them; and those of the secrets, in the place of the
    /// guest's own.</summary>
    private IEnumerable<(string Name, string Value)> Headers(EgressGrant grant)
    {
        if (grant.Secrets.Count == 0)
        {
            return _head.Passed();
        }

        (string Name, string Value)[] added =
            [.. grant.Secrets.Where(s => s.HeaderName is not null).Select(s => (s.HeaderName!, s.HeaderText))];

        // An answer that is packed could not be looked through for secrets.
        HashSet<string> replaced = new(added.Select(a => a.Name).Append("Accept-Encoding"), StringComparer.OrdinalIgnoreCase);
        return _head.Passed().Where(h => !replaced.Contains(h.Name))
            .Select(h => (h.Name, grant.Secrets.Aggregate(h.Value, (v, s) => v.Replace(s.Placeholder, s.Value, StringComparison.Ordinal))))
            .Concat(added);
    }

    /// <summary>Puts secrets into the query: where the guest has put what stands for them, and as parameters of their own.</summary>
    private static string WithSecrets(string target, EgressGrant grant)
    {
        foreach (EgressSecret secret in grant.Secrets)
        {
            string value = Uri.EscapeDataString(secret.Value);
            int query = target.IndexOf('?');
            target = query < 0 ? target : target[..query] + target[query..].Replace(secret.Placeholder, value, StringComparison.Ordinal);
            if (secret.QueryParameter is { } name)
            {
                IEnumerable<string> others = query < 0 ? []
                    : target[(query + 1)..].Split('&').Where(p => p.Length > 0 && Uri.UnescapeDataString(p.Split('=')[0]) != name);
                target = (query < 0 ? target : target[..query]) + "?" + string.Join('&', others.Append($"{name}={value}"));
            }
        }

        return target;
    }

    /// <summary>Writes the answer for the guest.</summary>
    private async Task<bool> AnswerAsync(HttpResponseMessage response, SecretMask mask)
    {
        bool isSwitch = response.StatusCode == HttpStatusCode.SwitchingProtocols;
        if (isSwitch && !_head.IsWebSocket)
        {
            throw new EgressRefusal("bad-response", "The server changes the protocol unasked.", 502);
        }

        bool hasBody = !isSwitch && !_head.Method.Equals("HEAD", StringComparison.OrdinalIgnoreCase)
            && response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified);
        bool isChunked = hasBody && response.Content.Headers.ContentLength is null && !_head.IsHttp10;
        bool endsByClosing = hasBody && response.Content.Headers.ContentLength is null && _head.IsHttp10;
        bool mayStay = _head.KeepsOpen && _body.IsOver && !endsByClosing;

        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {(int)response.StatusCode} {mask.Apply(response.ReasonPhrase ?? "")}\r\n");
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues values) in
            response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            bool isLength = name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) && !isChunked && !isSwitch;
            if (isLength || !HttpHead.IsOfConnection(name))
            {
                foreach (string value in values)
                {
                    head.Append(CultureInfo.InvariantCulture, $"{name}: {mask.Apply(value)}\r\n");
                }
            }
        }

        head.Append(isChunked ? "Transfer-Encoding: chunked\r\n" : "")
            .Append(isSwitch ? "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                : mayStay ? "Connection: keep-alive\r\n"
                : "Connection: close\r\n")
            .Append("\r\n");
        _isAnswered = true;
        await _client.WriteAsync(head.ToString()).ConfigureAwait(false);
        if (isSwitch)
        {
            await SwitchAsync(response, mask).ConfigureAwait(false);
            return false;
        }

        if (hasBody)
        {
            await CopyAsync(response, mask, isChunked).ConfigureAwait(false);
        }

        return mayStay;
    }

    private async Task SwitchAsync(HttpResponseMessage response, SecretMask mask)
    {
        Stream server = await response.Content.ReadAsStreamAsync(_client.Guest.Over).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            await Tunnel.RunAsync(
                new RelayStream(_client.Reader, _client.Writer),
                _client.EndWritesAsync,
                mask.IsEmpty ? server : new MaskedStream(server, mask),
                server.Dispose,
                _client.Guest.Over)
                .ConfigureAwait(false);
        }
    }

    private async Task CopyAsync(HttpResponseMessage response, SecretMask mask, bool isChunked)
    {
        Stream body = await response.Content.ReadAsStreamAsync(_client.Guest.Over).ConfigureAwait(false);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int waiting = 0;
            while (true)
            {
                int count = await body.ReadAsync(buffer.AsMemory(waiting), _client.Guest.Over).ConfigureAwait(false);
                int held = waiting + count;
                waiting = mask.IsEmpty || count == 0 ? 0 : mask.Apply(buffer.AsSpan(0, held));
                await WriteAsync(buffer.AsMemory(0, held - waiting), isChunked).ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }

                buffer.AsSpan(held - waiting, waiting).CopyTo(buffer);
            }

            if (isChunked)
            {
                await _client.WriteAsync("0\r\n\r\n").ConfigureAwait(false);
            }
        }
        catch (HttpRequestException e)
        {
            // The guest must not take this for the whole.
            throw new IOException("The server ended in its answer.", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> data, bool isChunked)
    {
        if (data.IsEmpty)
        {
            return;
        }

        if (!isChunked)
        {
            await _client.Writer.WriteAsync(data, _client.Guest.Over).ConfigureAwait(false);
            return;
        }

        byte[] size = Encoding.ASCII.GetBytes($"{data.Length:x}\r\n");
        byte[] chunk = ArrayPool<byte>.Shared.Rent(size.Length + data.Length + 2);
        try
        {
            size.CopyTo(chunk, 0);
            data.CopyTo(chunk.AsMemory(size.Length));
            "\r\n"u8.CopyTo(chunk.AsSpan(size.Length + data.Length));
            await _client.Writer.WriteAsync(chunk.AsMemory(0, size.Length + data.Length + 2), _client.Guest.Over).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    /// <summary>Reads what is left of a refused request's body, if it is little.</summary>
    private async Task<bool> DrainAsync()
    {
        if (_head.ExpectsContinue || _head.BodyLength > MaxDrained)
        {
            return false;
        }

        byte[] buffer = new byte[4096];
        int drained = 0;
        try
        {
            while (await _body.ReadAsync(buffer, _client.Guest.Over).ConfigureAwait(false) is > 0 and int count)
            {
                drained += count;
                if (drained > MaxDrained)
                {
                    return false;
                }
            }
        }
        catch (Exception e) when (e is EgressRefusal or IOException)
        {
            return false;
        }

        return true;
    }
}
