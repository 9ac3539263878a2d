using System.Net.Sockets;
using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Services;

/// <summary>Where a program of ours in a sandbox and the host meet: a Unix socket. Its name is not used again.</summary>
internal sealed class ServiceSocket : IAsyncDisposable
{
    private readonly string? _folder;
    private readonly SafeFileHandle? _opened;

    /// <summary>Makes a place.</summary>
    /// <param name="sandbox">Where the program runs.</param>
    /// <param name="purpose">A word for the folder on the host, where that is needed.</param>
    /// <param name="inside">The path in an isolated sandbox.</param>
    /// <exception cref="SandboxUnavailableException">No folder can be made.</exception>
    public ServiceSocket(ISandbox sandbox, string purpose, string inside)
    {
        if (sandbox.Capabilities.IsIsolated)
        {
            Path = inside;
            EndPoint = new UnixDomainSocketEndPoint(inside);
            return;
        }

        // On the host, other users must not reach the socket, and the folder's path may be longer than that of a socket.
        _folder = TemporaryFolders.Create(purpose);
        _opened = Libc.Open(_folder, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
        Path = System.IO.Path.Combine(_folder, "s");
        EndPoint = new UnixDomainSocketEndPoint($"/proc/self/fd/{_opened.DangerousGetHandle()}/s");
    }

    /// <summary>Where the program finds it. May be too long to connect to; its last name is not.</summary>
    public string Path { get; }

    /// <summary>Where the host finds it.</summary>
    public UnixDomainSocketEndPoint EndPoint { get; }

    public async ValueTask DisposeAsync()
    {
        _opened?.Dispose();
        if (_folder is not null)
        {
            await TemporaryFolders.DeleteAsync(_folder).ConfigureAwait(false);
        }
    }
}
