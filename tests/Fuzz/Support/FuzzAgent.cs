using System.Net;
using System.Net.Sockets;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>The host's end of a channel, with everything going on at once that a host does; the agent's end is the test's.</summary>
internal sealed class FuzzAgent : IAsyncDisposable
{
    /// <summary>How many things a host may be told to do.</summary>
    public const int Actions = 10;

    /// <summary>How long anything may take once the channel has ended.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly List<(string What, Task Task)> _pending = [];
    private readonly List<Stream> _tunnels = [];
    private readonly List<Stream> _files = [];
    private readonly FuzzFunctions _functions = new();

    public FuzzAgent(bool isQuiet = false)
    {
        Client = new AgentClient(Channel);
        Expect("hello", Client.ConnectAsync(new AgentConfiguration(0, 0, "/", new Dictionary<string, string>()), CancellationToken.None));
        if (isQuiet)
        {
            return;
        }

        // Numbers 1 to 10, as the generators of frames know.
        Task<ISandboxListener> listening = Client.ListenAsync(new UnixDomainSocketEndPoint("/s"), CancellationToken.None);
        Feed(Frames.Frame(GuestFrameType.Reply, Frames.Listener, [(byte)GuestReplyStatus.Done, 0, 0]));
        Expect("serve", _functions.Server.ServeAsync(listening.WaitAsync(Bound).GetAwaiter().GetResult()));
        Expect("seal", Client.SealAsync(new SandboxRequest(), CancellationToken.None));
        for (int action = 0; action < 8; action++)
        {
            Act(action);
        }
    }

    public FuzzStream Channel { get; } = new();

    public AgentClient Client { get; }

    public FuzzFunctions Functions => _functions;

    /// <summary>Begins one of the things that hosts do.</summary>
    public void Act(int action)
    {
        GuestWorkspace files = new(Client);
        switch (action)
        {
            case 0:
                Expect("run", Client.RunAsync(new ProcessRequest(["x"], []) { Output = new Sink() }, CancellationToken.None));
                break;
            case 1:
                ProcessRequest command = new(["x"], []) { File = new ProcessFile("a", new byte[] { 1 }), ListsFiles = true };
                Expect("run with files", RunAndListAsync(command));
                break;
            case 2:
                Expect("list", CheckListingAsync(files.ListAsync()));
                break;
            case 3:
                Expect("open", OpenAsync(files));
                break;
            case 4:
                Expect("delete", files.DeleteAsync("a"));
                break;
            case 5:
                Expect("write", files.WriteAsync("a", new MemoryStream([1, 2, 3])));
                break;
            case 6:
                Expect("tunnel", ConnectAsync(new UnixDomainSocketEndPoint("/x")));
                break;
            case 7:
                Expect("tunnel", ConnectAsync(new IPEndPoint(IPAddress.Loopback, 80)));
                break;
            case 8:
                Expect("sweep", Client.SweepAsync(CancellationToken.None));
                break;
            default:
                foreach (Stream stream in (Stream[])[.. _tunnels, .. _files])
                {
                    Expect("close", stream.DisposeAsync().AsTask());
                }

                _tunnels.Clear();
                _files.Clear();
                break;
        }
    }

    /// <summary>Feeds bytes as the agent.</summary>
    public void Feed(ReadOnlySpan<byte> data) => Channel.Feed(data);

    /// <summary>Ends the channel, and checks that everything ends with it, in no other way than is documented.</summary>
    public void End()
    {
        Channel.End();
        Assert.True(Client.Ended.Wait(Bound), "The channel does not end.");
        Assert.True(Channel.IsDisposed, "The channel is not closed.");
        for (int n = 0; n < _pending.Count; n++)
        {
            (string what, Task task) = _pending[n];
            Assert.True(((IAsyncResult)task).AsyncWaitHandle.WaitOne(Bound), $"'{what}' does not end.");
            Exception? failure = task.Exception?.InnerException;
            Assert.True(
                failure is null or WorkspaceException or SandboxLostException or IOException or ObjectDisposedException
                    || (failure is GuestProtocolException && what == "hello"),
                $"'{what}' failed with {failure}");
        }

        Assert.Null(_functions.Wrong);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.End();
        await Client.DisposeAsync().AsTask().WaitAsync(Bound);
        await _functions.DisposeAsync();
    }

    private void Expect(string what, Task task)
    {
        lock (_pending)
        {
            _pending.Add((what, task));
        }
    }

    private async Task RunAndListAsync(ProcessRequest command)
    {
        if (await Client.RunAsync(command, CancellationToken.None).ConfigureAwait(false) is { ListFiles: { } list })
        {
            await CheckListingAsync(list(CancellationToken.None)).ConfigureAwait(false);
        }
    }

    private static async Task CheckListingAsync(Task<WorkspaceListing> listing)
    {
        foreach (WorkspaceFile file in (await listing.ConfigureAwait(false)).Files)
        {
            bool isInside = !file.Path.Contains('\0') && file.Path.Split('/').All(n => n is not ("" or "." or ".."));
            Assert.True(file.Size >= 0 && isInside, $"'{file.Path}' of {file.Size} bytes");
        }
    }

    private async Task OpenAsync(GuestWorkspace files)
    {
        Stream file = await files.OpenReadAsync("a").ConfigureAwait(false);
        _files.Add(file);
        byte[] buffer = new byte[100];
        for (int n = 0; n < 100 && await file.ReadAsync(buffer).ConfigureAwait(false) > 0; n++)
        {
        }
    }

    private async Task ConnectAsync(EndPoint endPoint)
    {
        Stream tunnel = await Client.ConnectAsync(endPoint, CancellationToken.None).ConfigureAwait(false);
        _tunnels.Add(tunnel);
        Expect("write to a tunnel", tunnel.WriteAsync(new byte[300 << 10]).AsTask());
        Expect("read from a tunnel", ReadAsync(tunnel));
    }

    private static async Task ReadAsync(Stream tunnel)
    {
        byte[] buffer = new byte[1000];
        while (await tunnel.ReadAsync(buffer).ConfigureAwait(false) > 0)
        {
        }
    }

    private sealed class Sink : IOutputSink
    {
        public void Write(OutputStream stream, ReadOnlySpan<byte> data)
        {
        }
    }
}
