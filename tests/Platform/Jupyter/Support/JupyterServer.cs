using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Glovebox.Tests.Platform.Jupyter.Support;

/// <summary>A real Jupyter server of this machine at a URL, as a user would start one.</summary>
public sealed class JupyterServer : IAsyncDisposable
{
    public const string Token = "s3cret";

    private readonly Process _process;
    private readonly TestFolder _folder;

    private JupyterServer(Process process, TestFolder folder, int port)
    {
        _process = process;
        _folder = folder;
        Url = new Uri($"http://127.0.0.1:{port}/");
    }

    public Uri Url { get; }

    /// <summary>The server's root, where its kernels start.</summary>
    public TestFolder Folder => _folder;

    public static async Task<JupyterServer> StartAsync(params string[] arguments)
    {
        for (int left = 5; ; left--)
        {
            try
            {
                return await StartAsync(FreePort(), new TestFolder(), arguments);
            }
            catch (InvalidOperationException e) when (left > 0 && e.Message.Contains("already in use", StringComparison.Ordinal))
            {
                // Somebody else has taken the port in the meantime.
            }
        }
    }

    /// <summary>Starts a server on a port, in a folder that goes with it.</summary>
    public static async Task<JupyterServer> StartAsync(int port, TestFolder folder, params string[] arguments)
    {
        ProcessStartInfo info = new("/usr/bin/python3")
        {
            WorkingDirectory = folder.Path,
            RedirectStandardError = true,
            ArgumentList =
            {
                "-m", "jupyter_server", "--allow-root", "--no-browser", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1",
                $"--ServerApp.port={port}", $"--ServerApp.token={Token}", $"--ServerApp.root_dir={folder.Path}",
            },
        };
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment["HOME"] = folder.Path;
        info.Environment["JUPYTER_RUNTIME_DIR"] = Path.Combine(folder.Path, ".runtime");
        Process process = Process.Start(info)!;
        JupyterServer server = new(process, folder, port);
        string log = "";
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            log += line + "\n";
            if (line.Contains("is running at", StringComparison.Ordinal))
            {
                _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
                return server;
            }
        }

        await server.DisposeAsync();
        throw new InvalidOperationException("The Jupyter server ended at once:\n" + log);
    }

    /// <summary>Kills the server as a crash would; its kernels notice and end.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        _folder.Dispose();
    }

    /// <summary>A port on which nothing listens.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
