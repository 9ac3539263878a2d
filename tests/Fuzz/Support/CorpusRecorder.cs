using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Glovebox.Docker.Containers;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Records the corpus from real agents in real containers. Run by hand; the README of the corpus says how.</summary>
internal static class CorpusRecorder
{
    private const string Socket = "/run/glovebox-functions/calls/socket";

    private const string Caller = $$"""
        import json, socket, struct
        s = socket.socket(socket.AF_UNIX)
        s.connect('{{Socket}}')
        for name, arguments in ((b'add', {'a': 1, 'b': 2}), (b'add', {'a': -1, 'text': 'ä\u0000'}), (b'guarded', {'a': 1}),
                                (b'add', {'b': 'x'}), (b'sub', {}), (b'open', {'x': [1, {'y': None}]})):
            body = bytes([len(name)]) + name + json.dumps(arguments).encode()
            s.sendall(struct.pack('<I', len(body)) + body)
            size, status = struct.unpack('<IB', s.recv(5))
            print(status, s.recv(size).decode())
        """;

    private const string Server = """
        import socket
        s = socket.create_server(('127.0.0.1', 8000))
        print('ready', flush=True)
        c, _ = s.accept()
        while data := c.recv(1000):
            c.sendall(data.upper())
        c.close()
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task RecordAsync()
    {
        UserId user = new(2000, 2000);
        ProcessStartInfo start = new("docker") { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] options = ["run", "--rm", "-i", "--network", "none", "--entrypoint", "/bin/sh", "glovebox-test-python"];
        foreach (string argument in (string[])[.. options, .. ContainerLauncher.Command(user, ownsWork: true, usesAgent: true, stays: false).Skip(1)])
        {
            start.ArgumentList.Add(argument);
        }

        using Process docker = Process.Start(start)!;
        Stream input = docker.StandardInput.BaseStream, output = docker.StandardOutput.BaseStream;
        byte[] mark = new byte[1];
        await output.ReadExactlyAsync(mark, Cancellation);
        Assert.Equal(ContainerLauncher.AgentMark, mark[0]);
        await input.WriteAsync(AgentSource.Bytes, Cancellation);
        await input.FlushAsync(Cancellation);

        Recorder channel = new(output, input);
        await using AgentClient client = new(channel);
        await using FuzzFunctions functions = new();
        List<Recorder> calls = [];
        Dictionary<string, string> variables = new() { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" };
        await client.ConnectAsync(new AgentConfiguration(0, 0, ContainerLauncher.WorkDirectory, variables) { User = user }, Cancellation);
        async Task AcceptAsync(ISandboxListener listener)
        {
            while (true)
            {
                Stream stream = await listener.AcceptAsync(Cancellation);
                Recorder recorder = new(stream, stream);
                calls.Add(recorder);
                _ = functions.Server.ServeAsync(recorder);
            }
        }

        GuestOffer offer = new([], "/run/glovebox-functions/bin") { Files = [new("/run/glovebox-functions/x", "", false)] };
        await client.OfferFunctionsAsync(offer, Cancellation);
        ISandboxListener listener = await client.ListenAsync(new UnixDomainSocketEndPoint(Socket), Cancellation);
        _ = AcceptAsync(listener);
        await client.SealAsync(new SandboxRequest { Preload = ["json", "nothing"] }, Cancellation);
        Save("agent-start", channel, 0);

        int from = channel.Recorded.Length;
        Sink sink = new();
        byte[] code = "print('hello')\nopen('b.txt', 'w').write('x')\nraise SystemExit(3)"u8.ToArray();
        ProcessRequest block = new(["python3"], ["a.py"]) { PythonScript = "a.py", File = new("a.py", code), Output = sink, ListsFiles = true };
        ProcessExit exit = (await client.RunAsync(block, Cancellation))!;
        Assert.Equal(3, exit.ExitCode);
        Assert.Equal(2, (await exit.ListFiles!(Cancellation)).Files.Count);
        await client.RunAsync(new ProcessRequest(["sh"], ["-c", "echo out; echo err >&2; kill -9 $$"]) { Output = sink }, Cancellation);
        await client.RunAsync(new ProcessRequest(["nothing"], []) { Output = sink }, Cancellation);
        Save("agent-runs", channel, from);

        from = channel.Recorded.Length;
        GuestWorkspace files = new(client);
        await files.WriteAsync("folder/ä.txt", new MemoryStream([1, 2, 3]), Cancellation);
        using (StreamReader reader = new(await files.OpenReadAsync("a.py", Cancellation)))
        {
            await reader.ReadToEndAsync(Cancellation);
        }

        await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync("missing", Cancellation));
        await client.RunAsync(new ProcessRequest(["ln"], ["-s", "/etc/passwd", "link"]) { Output = sink }, Cancellation);
        await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync("link", Cancellation));
        Assert.True(await files.DeleteAsync("b.txt", Cancellation));
        Assert.Equal(2, (await files.ListAsync(Cancellation)).Files.Count);
        Save("agent-files", channel, from);

        from = channel.Recorded.Length;
        await client.RunAsync(new ProcessRequest(["python3"], ["-c", Caller]) { Output = sink }, Cancellation);
        Assert.Equal(5, functions.Calls + functions.Asked);
        Save("agent-calls", channel, from);
        Save("calls-some", calls[0], 0);

        from = channel.Recorded.Length;
        Sink server = new();
        Task serving = client.RunAsync(new ProcessRequest(["python3"], ["-c", Server]) { Output = server, IsService = true }, Cancellation);
        await server.Printed.WaitAsync(Cancellation);
        await Assert.ThrowsAnyAsync<IOException>(() => client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 9), Cancellation));
        await using (AgentStream tunnel = (AgentStream)await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 8000), Cancellation))
        {
            await tunnel.WriteAsync(new byte[20_000], Cancellation);
            await tunnel.ReadExactlyAsync(new byte[20_000], Cancellation);
            await tunnel.EndWritesAsync();
            Assert.Equal(0, await tunnel.ReadAsync(new byte[1], Cancellation));
        }

        await client.SweepAsync(Cancellation);
        await serving;
        Save("agent-tunnel", channel, from);
    }

    public static void Save(string name, Recorder recorder, int from, [CallerFilePath] string here = "") =>
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(here)!, "..", "Corpus", $"{name}.bin"), recorder.Recorded[from..]);

    private sealed class Sink : IOutputSink
    {
        private readonly TaskCompletionSource _printed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Printed => _printed.Task;

        public void Write(OutputStream stream, ReadOnlySpan<byte> data) => _printed.TrySetResult();
    }
}
