using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Glovebox.Egress;

/// <summary>Decides what guest code of one sandbox may reach, and connects to it.</summary>
internal sealed class EgressGate
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>How many answers of a person are remembered; a guest that makes up more names than this is refused.</summary>
    private const int MaxApprovals = 1000;

    /// <summary>How many names are looked up at once. Each may hold a thread of the host, also when nobody waits for it any more.</summary>
    private const int MaxLookups = 16;

    private readonly EgressPolicy _policy;
    private readonly EgressOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationToken _ending;
    private readonly Channel<bool> _lookups = Channel.CreateBounded<bool>(MaxLookups);
    private readonly (EgressRule Rule, EgressSecret Secret)[] _secrets;
    private readonly ConcurrentDictionary<(HostName Host, int Port), Lazy<Task<bool>>> _approvals = new();
    private readonly Queue<long> _begun = new();
    private int _open;
    private long _bytes;

    /// <param name="policy">The rules.</param>
    /// <param name="options">The limits, and who is asked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ending">Cancelled when the sandbox ends, of which those who are asked are told.</param>
    public EgressGate(EgressPolicy policy, EgressOptions options, TimeProvider time, CancellationToken ending = default)
    {
        (_policy, _options, _time, _ending) = (policy, options, time, ending);
        _secrets = [.. options.Secrets.SelectMany(s => s.Rules.Select(r => (r, s)))];
    }

    /// <summary>Counts a connection of the guest that begins. <see cref="Leave"/> follows.</summary>
    public void Enter() => Interlocked.Increment(ref _open);

    /// <exception cref="EgressRefusal">There are too many connections.</exception>
    public void ThrowIfFull()
    {
        if (Volatile.Read(ref _open) > _options.MaxConnections)
        {
            throw new EgressRefusal("too-many-connections", $"More than {_options.MaxConnections} connections are open.", 429);
        }
    }

    public void Leave() => Interlocked.Decrement(ref _open);

    /// <summary>Counts bytes of the guest.</summary>
    /// <exception cref="EgressRefusal">They are too many.</exception>
    public void Count(int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) > _options.MaxBytes)
        {
            throw new EgressRefusal(
                "too-many-bytes", $"This sandbox has sent and received the {_options.MaxBytes} bytes that it may.", 429);
        }
    }

    /// <summary>Decides whether a connection to a host may be made.</summary>
    /// <exception cref="EgressRefusal">It may not.</exception>
    public async Task<EgressGrant> JudgeAsync(string host, int port, CancellationToken cancellationToken)
    {
        CountRequest();
        if (!HostName.TryParse(host, out HostName name))
        {
            throw new EgressRefusal("bad-name", "This is no name of a host that can be read in one way alone.", 400);
        }

        EgressRule[] rules = _policy.For(name, port);
        if (rules.Length == 0 && !await IsApprovedAsync(name, port, cancellationToken).ConfigureAwait(false))
        {
            throw new EgressRefusal("not-in-list", $"{name}:{port} is not an allowed domain.");
        }

        return new EgressGrant(
            name, port, rules, [.. _secrets.Where(s => s.Rule.Covers(name, port)).Select(s => s.Secret).Distinct()]);
    }

    /// <summary>Connects to an address that was looked at, and to no other. The caller disposes the socket.</summary>
    /// <exception cref="EgressRefusal">It may not, or cannot, be reached.</exception>
    public async Task<Socket> ConnectAsync(EgressGrant grant, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(ConnectTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            IPAddress[] found = grant.Host.Address is { } given ? [given]
                : await LookUpAsync(grant.Host.Text, either.Token).ConfigureAwait(false);
            IPAddress[] allowed = grant.AllowsPrivate ? found : [.. found.Where(AddressCheck.IsPublic)];
            if (allowed.Length == 0 && found.Length > 0)
            {
                throw new EgressRefusal(
                    "private-address", $"{grant.Host} leads to an address of a private network or of this machine, which no rule allows.");
            }

            return await ConnectAsync(allowed, grant, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new EgressRefusal("unreachable", $"{grant.Host}:{grant.Port} did not answer in {ConnectTimeout.TotalSeconds:0} s.", 504);
        }
        catch (SocketException e)
        {
            throw new EgressRefusal("unreachable", $"{grant.Host}:{grant.Port} cannot be reached: {e.SocketErrorCode}.", 502);
        }
    }

    private static async Task<Socket> ConnectAsync(IPAddress[] addresses, EgressGrant grant, CancellationToken cancellationToken)
    {
        SocketException failure = new((int)SocketError.HostNotFound);
        foreach (IPAddress address in addresses)
        {
            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, grant.Port), cancellationToken).ConfigureAwait(false);
                return socket;
            }
            catch (SocketException e)
            {
                failure = e;
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure;
    }

    private async Task<IPAddress[]> LookUpAsync(string name, CancellationToken cancellationToken)
    {
        await _lookups.Writer.WriteAsync(true, cancellationToken).ConfigureAwait(false);
        Task<IPAddress[]> looking = Task.Run(() => _options.Resolve(name, CancellationToken.None), CancellationToken.None);
        _ = looking.ContinueWith(
            _ => _lookups.Reader.TryRead(out bool _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return await looking.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsApprovedAsync(HostName host, int port, CancellationToken cancellationToken)
    {
        // What a rule has to allow by its own words, nobody is asked about.
        if (_options.Approve is not { } approve || (host.Address is { } address && !AddressCheck.IsPublic(address)))
        {
            return false;
        }

        if (_approvals.Count >= MaxApprovals && !_approvals.ContainsKey((host, port)))
        {
            return false;
        }

        // The answer is for all that ask meanwhile, so that it does not end with one of them.
        Lazy<Task<bool>> asked = _approvals.GetOrAdd(
            (host, port), _ => new Lazy<Task<bool>>(() => Task.Run(() => AskAsync(approve, host, port))));
        return await asked.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> AskAsync(Func<EgressApproval, CancellationToken, ValueTask<bool>> approve, HostName host, int port)
    {
        using CancellationTokenSource late = new(_options.ApprovalTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _ending);
        try
        {
            EgressApproval asked = new(host.ToString(), port);
            return await approve(asked, either.Token).AsTask().WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Whatever went wrong, it is not approved.
            return false;
        }
    }

    /// <summary>Counts a connection or a request that begins.</summary>
    /// <exception cref="EgressRefusal">They are too many within a minute.</exception>
    public void CountRequest()
    {
        if (_options.MaxRequestsPerMinute is not { } most)
        {
            return;
        }

        lock (_begun)
        {
            while (_begun.TryPeek(out long oldest) && _time.GetElapsedTime(oldest) >= TimeSpan.FromMinutes(1))
            {
                _begun.Dequeue();
            }

            if (_begun.Count >= most)
            {
                throw new EgressRefusal("too-many-requests", $"More than {most} connections and requests were begun within a minute.", 429);
            }

            _begun.Enqueue(_time.GetTimestamp());
        }
    }
}
