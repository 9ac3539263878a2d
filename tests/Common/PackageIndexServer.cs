using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Glovebox.Tests.Common;

/// <summary>A package index on the host's loopback, which serves the files of a folder to those who know its password.</summary>
public sealed class PackageIndexServer : IAsyncDisposable
{
    private readonly WheelIndex _files;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;

    public PackageIndexServer(WheelIndex files)
    {
        _files = files;
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Password { get; } = Guid.NewGuid().ToString("n");

    /// <summary>The command lines of the host's processes during the last request.</summary>
    public string CommandLines { get; private set; } = "";

    /// <summary>Has pip install from here, with a secret beside.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["PIP_INDEX_URL"] = $"http://user:{Password}@{Address}/simple/",
        ["GB_SECRET"] = HostListeners.Secret,
    };

    private string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>The address of a file, with the password.</summary>
    public string FileUrl(string name) => $"http://user:{Password}@{Address}/{name}";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                await using NetworkStream stream = client.GetStream();
                using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
                string request = await reader.ReadLineAsync() ?? "";
                bool isKnown = false;
                while (await reader.ReadLineAsync() is { Length: > 0 } header)
                {
                    string password = Convert.ToBase64String(Encoding.ASCII.GetBytes($"user:{Password}"));
                    isKnown |= header.StartsWith("Authorization:", StringComparison.OrdinalIgnoreCase)
                        && header.EndsWith($"Basic {password}", StringComparison.Ordinal);
                }

                CommandLines = string.Concat(
                    Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(Path.GetFileName(p)[0])).Select(CommandLine));
                (int status, string type, byte[] body) = isKnown ? Answer(request.Split(' ')[1]) : (401, "text/plain", []);
                string head = $"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n"
                    + $"{(isKnown ? "" : "WWW-Authenticate: Basic realm=x\r\n")}Connection: close\r\n\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
                await stream.WriteAsync(body);
            }
            catch (IOException)
            {
                // That client has gone; the next one has not.
            }
            catch (SocketException)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private (int Status, string Type, byte[] Body) Answer(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["simple", string package])
        {
            IEnumerable<string> names = Directory.EnumerateFiles(_files.Path).Select(f => Path.GetFileName(f))
                .Where(n => n.Replace('_', '-').StartsWith(package + "-", StringComparison.Ordinal));
            string page = string.Concat(names.Select(n => $"<a href='/{n}'>{n}</a>\n"));
            return page.Length == 0
                ? (404, "text/plain", [])
                : (200, "text/html", Encoding.UTF8.GetBytes($"<!DOCTYPE html><html><body>{page}</body></html>"));
        }

        string file = Path.Combine(_files.Path, parts is [string name] ? Path.GetFileName(name) : "none");
        return File.Exists(file) ? (200, "application/octet-stream", File.ReadAllBytes(file)) : (404, "text/plain", []);
    }
}
