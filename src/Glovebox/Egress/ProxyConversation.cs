using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;

namespace Glovebox.Egress;

/// <summary>What guest code and the proxy say to one another on one connection, from its first byte.</summary>
internal sealed class ProxyConversation(
    GuestConnection guest, EgressGate gate, HttpRelay relay, SandboxAuthority? authority, EgressReport report)
{
    private readonly PipeReader _reader = PipeReader.Create(guest, new StreamPipeReaderOptions(leaveOpen: true));

    /// <summary>Whether the guest was told that it is connected: what comes then is not for it to read from the proxy.</summary>
    private bool _isConnected;

    public async Task RunAsync()
    {
        gate.Enter();
        try
        {
            byte? first;
            try
            {
                first = await PeekAsync().ConfigureAwait(false);
            }
            catch (EgressRefusal e)
            {
                await report.RefusedAsync("", 0, e).ConfigureAwait(false);
                await Client().RefuseAsync(e, keepsOpen: false).ConfigureAwait(false);
                return;
            }

            if (first is not null)
            {
                await (first == SocksRequest.Version ? ServeSocksAsync() : ServeHttpAsync()).ConfigureAwait(false);
            }
        }
        finally
        {
            gate.Leave();
            await _reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task ServeSocksAsync()
    {
        (string Host, int Port)? asked = null;
        try
        {
            using (GuestDeadline late = guest.Late())
            {
                asked = await SocksRequest.ReadAsync(new RelayStream(_reader, guest), late.Token).ConfigureAwait(false);
            }

            gate.ThrowIfFull();
            if (asked is { } place)
            {
                await TunnelAsync(place.Host, place.Port, () => SocksRequest.AnswerAsync(guest, SocksRequest.Succeeded, guest.Over))
                    .ConfigureAwait(false);
            }
        }
        catch (EgressRefusal e)
        {
            await report.RefusedAsync(asked?.Host ?? "", asked?.Port ?? 0, e).ConfigureAwait(false);
            if (_isConnected)
            {
                throw;
            }

            byte code = e.Status is 502 or 504 ? SocksRequest.Unreachable : SocksRequest.NotAllowed;
            await SocksRequest.AnswerAsync(guest, code, guest.Over).ConfigureAwait(false);
        }
    }

    private async Task ServeHttpAsync()
    {
        HttpClientSide client = Client();
        (string Host, int Port) asked = ("", 0);
        try
        {
            gate.ThrowIfFull();
            if (await relay.RunAsync(client, null).ConfigureAwait(false) is { } target)
            {
                asked.Host = target;
                asked = Authority.Split(target, defaultPort: null);
                await TunnelAsync(asked.Host, asked.Port, () => guest.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray(), guest.Over))
                    .ConfigureAwait(false);
            }
        }
        catch (EgressRefusal e)
        {
            await report.RefusedAsync(asked.Host, asked.Port, e).ConfigureAwait(false);
            if (_isConnected)
            {
                throw;
            }

            await client.RefuseAsync(e, keepsOpen: false).ConfigureAwait(false);
        }
    }

    private async Task TunnelAsync(string host, int port, Func<ValueTask> answer)
    {
        EgressGrant grant = await gate.JudgeAsync(host, port, guest.Over).ConfigureAwait(false);
        if (grant.NeedsRequests)
        {
            await ConnectedAsync(answer).ConfigureAwait(false);
            bool isTls = await IsTlsToAsync(grant).ConfigureAwait(false);
            await (isTls ? EndTlsAsync(grant) : relay.RunAsync(Client(), grant)).ConfigureAwait(false);
            return;
        }

        using Socket socket = await gate.ConnectAsync(grant, guest.Over).ConfigureAwait(false);
        await ConnectedAsync(answer).ConfigureAwait(false);
        if (!grant.AllowsAnyProtocol && !await IsTlsToAsync(grant).ConfigureAwait(false))
        {
            // Each request may be meant for another host, as the server reads it.
            socket.Dispose();
            if (await PeekAsync().ConfigureAwait(false) is not null)
            {
                await relay.RunAsync(Client(), grant).ConfigureAwait(false);
                return;
            }

            // The guest sends nothing; it has been connected all the same.
            await report.AllowedAsync(grant, grant.Rule).ConfigureAwait(false);
            return;
        }

        await report.AllowedAsync(grant, grant.Rule).ConfigureAwait(false);
        NetworkStream server = new(socket, ownsSocket: false);
        await using (server.ConfigureAwait(false))
        {
            await Tunnel.RunAsync(
                new RelayStream(_reader, guest), guest.EndWritesAsync, server, () => socket.Shutdown(SocketShutdown.Send), guest.Over)
                .ConfigureAwait(false);
        }
    }

    private HttpClientSide Client() => new(_reader, guest, guest, report);

    private async Task ConnectedAsync(Func<ValueTask> answer)
    {
        await answer().ConfigureAwait(false);
        _isConnected = true;
    }

    /// <summary>Ends TLS here, with a certificate that this sandbox alone trusts.</summary>
    private async Task EndTlsAsync(EgressGrant grant)
    {
        SslStream ended = new(new RelayStream(_reader, guest));
        await using (ended.ConfigureAwait(false))
        {
            using (GuestDeadline late = guest.Late())
            {
                await ended.AuthenticateAsServerAsync(authority!.OptionsFor(grant.Host), late.Token).ConfigureAwait(false);
            }

            PipeReader reader = PipeReader.Create(ended, new StreamPipeReaderOptions(leaveOpen: true));
            HttpClientSide client = new(reader, ended, guest, report) { IsTls = true };
            await relay.RunAsync(client, grant).ConfigureAwait(false);
            await client.EndWritesAsync().ConfigureAwait(false);
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Looks whether the guest begins TLS, and to the host that it asked for.</summary>
    /// <exception cref="EgressRefusal">It names another one.</exception>
    private async Task<bool> IsTlsToAsync(EgressGrant grant)
    {
        if (await PeekAsync().ConfigureAwait(false) != ClientHello.HandshakeRecord)
        {
            return false;
        }

        using GuestDeadline late = guest.Late();
        string? name;
        while (true)
        {
            ReadResult read = await _reader.ReadAsync(late.Token).ConfigureAwait(false);
            bool isWhole = ClientHello.TryFindName(First(read.Buffer, ClientHello.MaxBytes), out name);
            bool isTooLong = read.Buffer.Length >= ClientHello.MaxBytes || read.IsCompleted;
            _reader.AdvanceTo(read.Buffer.Start, isWhole ? read.Buffer.Start : read.Buffer.End);
            if (isWhole)
            {
                break;
            }

            if (isTooLong)
            {
                throw new EgressRefusal("bad-tls", "The beginning of TLS is cut or too long.", 400);
            }
        }

        // A client that connects to an address names none.
        bool isSame = name is null ? grant.Host.Address is not null : HostName.TryParse(name, out HostName parsed) && parsed == grant.Host;
        return isSame ? true : throw new EgressRefusal(
            "tls-name-differs",
            name is null
                ? $"TLS to {grant.Host} has to name it (server name indication)."
                : $"TLS names {WorkspacePath.Printable(name)}, and the connection is to {grant.Host}.");
    }

    private static byte[] First(ReadOnlySequence<byte> buffer, int most) =>
        buffer.Slice(0, Math.Min(buffer.Length, most)).ToArray();

    /// <summary>Gives the next byte, which stays to be read; null at the end.</summary>
    private async Task<byte?> PeekAsync()
    {
        ReadResult read = await _reader.ReadAsync(guest.Over).ConfigureAwait(false);
        byte? first = read.Buffer.IsEmpty ? null : read.Buffer.FirstSpan[0];
        _reader.AdvanceTo(read.Buffer.Start);
        return first;
    }
}
