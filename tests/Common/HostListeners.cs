using System.Net;
using System.Net.Sockets;

namespace Glovebox.Tests.Common;

/// <summary>Listeners of the host that a guest must not reach: one on the loopback, and an abstract Unix socket.</summary>
public sealed class HostListeners : IDisposable
{
    public const string Secret = "glovebox-test-secret";

    private readonly Socket _loopback = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _abstract = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _name = $"glovebox-test-{Guid.NewGuid():n}";

    public HostListeners()
    {
        _loopback.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _loopback.Listen();
        _abstract.Bind(new UnixDomainSocketEndPoint("\0" + _name));
        _abstract.Listen();
    }

    /// <summary>Whether something has connected.</summary>
    public bool AreReached => _loopback.Poll(0, SelectMode.SelectRead) || _abstract.Poll(0, SelectMode.SelectRead);

    /// <summary>Python that adds to a list <c>FOUND</c> what it reaches: the listeners, and the secret among the variables of any process
    /// and in temporary files.</summary>
    public string Attack => $"""
        import glob, os, socket
        for path in ['/proc/self/environ', *glob.glob('/proc/[0-9]*/environ'), *glob.glob('/tmp/*')]:
            try:
                if b'{Secret}' in open(path, 'rb').read():
                    FOUND.append('secret')
                    break
            except OSError:
                pass
        for name, family, address in ('loopback', socket.AF_INET, ('127.0.0.1', {Port})), ('abstract', socket.AF_UNIX, '\0{_name}'):
            try:
                with socket.socket(family) as s:
                    s.settimeout(10)
                    s.connect(address)
                    FOUND.append(name)
            except OSError:
                pass
        """;

    private int Port => ((IPEndPoint)_loopback.LocalEndPoint!).Port;

    public void Dispose()
    {
        _loopback.Dispose();
        _abstract.Dispose();
    }
}
