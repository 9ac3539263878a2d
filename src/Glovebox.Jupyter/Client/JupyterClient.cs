using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Glovebox.Jupyter.Client;

/// <summary>A Jupyter Server or Kernel Gateway: its REST interface, and the WebSockets of its kernels.</summary>
internal sealed class JupyterClient : IDisposable
{
    /// <summary>How long one request may take; a kernel that is shut down may take its time.</summary>
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(30);

    /// <summary>How often a silent server is asked whether it is there, and how long it may take to say so.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    private const int MaxResponse = 96 << 20;

    private readonly Uri _root;
    private readonly string? _token;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly HttpMessageInvoker _sockets;

    /// <summary>Makes a client of the server at a root that ends in a slash; nothing is connected yet. Without a function that makes
    /// connections, they are TCP's.</summary>
    public JupyterClient(Uri root, string? token, Func<CancellationToken, ValueTask<Stream>>? connect, TimeProvider time)
    {
        _root = root;
        Where = JupyterErrors.At(root);
        _token = token;
        _time = time;

        // A redirect would carry the token elsewhere. No proxy stands before a server that is reached through a tunnel.
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = connect is null };
        handler.ConnectCallback = connect is null ? TcpConnection.OpenAsync : (_, cancellationToken) => connect(cancellationToken);
        _sockets = new HttpMessageInvoker(handler, disposeHandler: false);
        _http = new HttpClient(handler) { BaseAddress = root, Timeout = LongestRequest, MaxResponseContentBufferSize = MaxResponse };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("token", token);
        }
    }

    /// <summary>Where the server is, for messages that say "the server …": its address, without a token.</summary>
    public string Where { get; init; }

    /// <summary>Looks a kernel spec up by its name.</summary>
    /// <exception cref="SandboxUnavailableException">No server answers, it is no Jupyter server, it refuses the token, or it has no such
    /// kernel.</exception>
    public async Task<KernelSpec> FindKernelSpecAsync(string name, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await SendAsync(HttpMethod.Get, "api/kernelspecs", null, cancellationToken).ConfigureAwait(false);
        }
        catch (SandboxLostException e) when (e.InnerException is HttpRequestException
        { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded })
        {
            throw JupyterErrors.NotJupyter(Where, "it does not speak HTTP", e);
        }
        catch (SandboxLostException e)
        {
            throw JupyterErrors.Unreachable(Where, e.InnerException!);
        }

        using (response)
        {
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw JupyterErrors.NotJupyter(Where, $"it answers {(int)response.StatusCode} to a request for its kernels");
            }

            KernelSpecList? list = await TryReadAsync(
                response, JupyterJson.Default.KernelSpecList, cancellationToken).ConfigureAwait(false);
            Dictionary<string, KernelSpecEntry> kernels = list?.Kernelspecs
                ?? throw JupyterErrors.NotJupyter(Where, "its answer to a request for its kernels is not a list of kernels");
            return kernels.GetValueOrDefault(name)?.Spec ?? throw JupyterErrors.KernelMissing(Where, name, kernels.Keys);
        }
    }

    /// <summary>Starts a kernel and gives its id.</summary>
    /// <exception cref="CodeExecutionException">It cannot be started.</exception>
    public async Task<string> StartKernelAsync(KernelStart start, CancellationToken cancellationToken)
    {
        JsonContent body = JsonContent.Create(start, JupyterJson.Default.KernelStart);
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, "api/kernels", body, cancellationToken).ConfigureAwait(false);
        KernelModel? model = response.IsSuccessStatusCode
            ? await TryReadAsync(response, JupyterJson.Default.KernelModel, cancellationToken).ConfigureAwait(false)
            : null;
        return model?.Id is { Length: > 0 } id
            ? id
            : throw JupyterErrors.KernelFailed(Where, start.Name, $"it answers {(int)response.StatusCode}");
    }

    /// <summary>Whether a kernel is still there.</summary>
    public async Task<bool> HasKernelAsync(string id, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, KernelPath(id), null, cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode;
    }

    /// <summary>Interrupts what a kernel runs.</summary>
    public async Task InterruptAsync(string id, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Post, KernelPath(id) + "/interrupt", null, cancellationToken).ConfigureAwait(false)).Dispose();

    /// <summary>Ends a kernel. When this returns, its process is gone.</summary>
    public async Task DeleteKernelAsync(string id) =>
        (await SendAsync(HttpMethod.Delete, KernelPath(id), null, CancellationToken.None).ConfigureAwait(false)).Dispose();

    /// <summary>Connects to a kernel's channels. The server answers when the kernel does.</summary>
    /// <param name="id">The kernel.</param>
    /// <param name="session">The name under which this client is known to the kernel.</param>
    /// <param name="onMessage">Gets every message; must not wait.</param>
    /// <param name="onOversized">Gets the size of a message that was skipped.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<KernelConnection> ConnectAsync(
        string id, string session, Action<KernelMessage> onMessage, Action<long> onOversized, CancellationToken cancellationToken)
    {
        ClientWebSocket socket = new();
        try
        {
            socket.Options.AddSubProtocol(KernelMessage.SubProtocol);
            socket.Options.KeepAliveInterval = KeepAlive;
            socket.Options.KeepAliveTimeout = KeepAlive;
            if (_token is not null)
            {
                socket.Options.SetRequestHeader("Authorization", "token " + _token);
            }

            UriBuilder address = new(new Uri(_root, KernelPath(id) + "/channels"))
            {
                Scheme = _root.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs,
                Query = "session_id=" + Uri.EscapeDataString(session),
            };
            await socket.ConnectAsync(address.Uri, _sockets, cancellationToken).ConfigureAwait(false);
            return new KernelConnection(socket, session, onMessage, onOversized, _time);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is WebSocketException)
            {
                throw JupyterErrors.ServerLost(Where, e);
            }

            throw;
        }
    }

    /// <summary>Sends a request.</summary>
    /// <exception cref="SandboxUnavailableException">The server refuses the token.</exception>
    /// <exception cref="SandboxLostException">The server does not answer; the inner exception says why.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            using HttpRequestMessage request = new(method, path) { Content = content };
            response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (
            e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw JupyterErrors.ServerLost(Where, e);
        }

        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            response.Dispose();
            throw JupyterErrors.TokenRefused(Where, response.StatusCode);
        }

        return response;
    }

    /// <summary>Reads a response's JSON; null when it is not JSON.</summary>
    public static async Task<T?> TryReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _sockets.Dispose();
        _http.Dispose();
    }

    private static string KernelPath(string id) => "api/kernels/" + Uri.EscapeDataString(id);
}
