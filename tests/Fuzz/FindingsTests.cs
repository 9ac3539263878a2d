using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Glovebox.Docker.Containers;
using Glovebox.Execution;
using Glovebox.Functions.Calls;
using Glovebox.Jupyter.Client;
using Glovebox.Jupyter.Kernels;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;
using Glovebox.Tests.Fuzz.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Tests.Fuzz;

/// <summary>What the fuzzers and the reading of the parsers have found, each as one test.</summary>
public sealed class FindingsTests
{
    private static readonly byte[] Hello = Frames.Frame(GuestFrameType.Hello, 0, [AgentClient.AgentVersion, 0, 0, 0, 1, 0, 0, 0, (byte)'3', 1]);

    private static readonly byte[] Unknown = Frames.Frame((GuestFrameType)200, 0, []);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_channel_that_broke_the_rules_holds_up_no_writer()
    {
        FuzzStream channel = new();
        await using AgentClient client = await StartAsync(channel);
        channel.IsBlocked = true;
        Task<ProcessExit?> run = client.RunAsync(new ProcessRequest(["x"], []) { Output = new NoSink() }, CancellationToken.None);
        channel.Feed(Unknown);
        Assert.Null(await run.WaitAsync(Cancellation));
        Assert.True(channel.IsDisposed);
    }

    [Fact(Timeout = 60_000)]
    public async Task Writers_that_wait_for_their_turn_end_when_the_client_is_disposed()
    {
        FuzzStream channel = new();
        AgentClient client = await StartAsync(channel);
        channel.IsBlocked = true;
        Task[] sends = [.. Enumerable.Range(0, 50).Select(_ =>
            Assert.ThrowsAsync<SandboxLostException>(() => client.TellAsync(GuestFrameType.Close, new())))];
        TaskCompletionSource late = new(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.FailuresWait = late.Task;
        await client.DisposeAsync();
        late.SetResult();
        await Task.WhenAll(sends).WaitAsync(Cancellation);
    }

    [Fact(Timeout = 60_000)]
    public async Task Connections_that_are_opened_and_closed_without_end_are_not_kept()
    {
        const uint Inside = 1u << 31;
        FuzzStream channel = new();
        await using AgentClient client = await StartAsync(channel);
        Task<ISandboxListener> listening = client.ListenAsync(new UnixDomainSocketEndPoint("/s"), Cancellation);
        channel.Feed(Frames.Frame(GuestFrameType.Reply, 1, [0, 0, 0]));
        ISandboxListener listener = await listening;
        for (uint n = 1; n <= 1000; n++)
        {
            channel.Feed(Frames.Frame(GuestFrameType.StreamOpen, Inside | n, [1, 0, 0, 0]));
            channel.Feed(Frames.Frame(GuestFrameType.StreamReset, Inside | n, [0, 0, 0, 0]));
        }

        // The one that is open is the one that is taken.
        channel.Feed(Frames.Frame(GuestFrameType.StreamOpen, Inside | 1001, [1, 0, 0, 0]));
        channel.Feed(Frames.Frame(GuestFrameType.StreamData, Inside | 1001, [42]));
        byte[] read = new byte[2];
        Assert.Equal(1, await (await listener.AcceptAsync(Cancellation)).ReadAsync(read, Cancellation));
        Assert.Equal(42, read[0]);

        // As many as may be are open; one more breaks the rules.
        for (uint n = 2001; n < 2000 + AgentStreams.MaxOpen; n++)
        {
            channel.Feed(Frames.Frame(GuestFrameType.StreamOpen, Inside | n, [1, 0, 0, 0]));
        }

        Assert.False(client.Ended.IsCompleted);
        channel.Feed(Frames.Frame(GuestFrameType.StreamOpen, Inside | 3000, [1, 0, 0, 0]));
        await client.Ended.WaitAsync(Cancellation);
    }

    [Fact(Timeout = 60_000)]
    public async Task Connections_are_served_so_many_at_a_time()
    {
        await using FuzzFunctions functions = new();
        EndlessListener listener = new();
        Task serving = functions.Server.ServeAsync(listener);
        Assert.True(SpinWait.SpinUntil(() => listener.Accepted.Count == HostFunctionServer.MaxConnections, TimeSpan.FromSeconds(30)));
        Assert.False(SpinWait.SpinUntil(() => listener.Accepted.Count > HostFunctionServer.MaxConnections, TimeSpan.FromMilliseconds(100)));

        // One gets its turn when another ends.
        listener.Accepted.First().End();
        Assert.True(SpinWait.SpinUntil(() => listener.Accepted.Count == HostFunctionServer.MaxConnections + 1, TimeSpan.FromSeconds(30)));
        await listener.DisposeAsync();
        listener.Accepted.ElementAt(1).End();
        await serving.WaitAsync(Cancellation);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/etc/passwd", 1)]
    [InlineData("../x", 1)]
    [InlineData("a/../../x", 1)]
    [InlineData("a//x", 1)]
    [InlineData("", 1)]
    [InlineData("a\0b", 1)]
    [InlineData("a", -1)]
    public async Task A_listing_with_a_file_that_cannot_be_is_refused(string path, long size)
    {
        FuzzStream channel = new();
        await using AgentClient client = await StartAsync(channel);
        byte[] name = Encoding.UTF8.GetBytes(path);
        byte[] file = [.. Bytes.LittleEndian((uint)name.Length), .. name, .. BitConverter.GetBytes(size), .. new byte[25]];
        Task<WorkspaceListing> listing = new GuestWorkspace(client).ListAsync(Cancellation);
        channel.Feed(Frames.Frame(GuestFrameType.Reply, 1, [(byte)GuestReplyStatus.More, .. file]));
        channel.Feed(Frames.Frame(GuestFrameType.Reply, 1, [(byte)GuestReplyStatus.Done, 1]));
        await Assert.ThrowsAsync<WorkspaceException>(() => listing.WaitAsync(Cancellation));

        // Canary: a file that can be.
        listing = new GuestWorkspace(client).ListAsync(Cancellation);
        byte[] good = [(byte)GuestReplyStatus.More, 3, 0, 0, 0, (byte)'a', (byte)'/', (byte)'b', .. new byte[33]];
        channel.Feed(Frames.Frame(GuestFrameType.Reply, 2, good));
        channel.Feed(Frames.Frame(GuestFrameType.Reply, 2, [(byte)GuestReplyStatus.Done, 1]));
        Assert.Equal("a/b", Assert.Single((await listing.WaitAsync(Cancellation)).Files).Path);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_seal_that_is_answered_without_words_is_an_input_error()
    {
        FuzzStream channel = new();
        await using AgentClient client = await StartAsync(channel);
        Task<string> sealing = client.SealAsync(new SandboxRequest(), Cancellation);
        channel.Feed(Frames.Frame(GuestFrameType.Reply, 1, [0]));
        await Assert.ThrowsAsync<IOException>(() => sealing.WaitAsync(Cancellation));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"\ud800":1,"a":1}""")]
    [InlineData("""{"text":"\udc80","a":1}""")]
    public async Task Half_of_a_surrogate_pair_is_refused_in_words_and_the_connection_goes_on(string json)
    {
        await using FuzzFunctions functions = new();
        using FuzzStream stream = new();
        Task serving = functions.Server.ServeAsync(stream);
        stream.Feed(Requests.Request("add"u8.ToArray(), Encoding.UTF8.GetBytes(json)));
        Assert.Contains("invalid-arguments", Encoding.UTF8.GetString(stream.Written()), StringComparison.Ordinal);
        Assert.Equal(0, functions.Calls);
        stream.Feed(Requests.Request("add"u8.ToArray(), """{"a":1,"text":"\ud83d\ude00"}"""u8.ToArray()));
        Assert.Equal(1, functions.Calls);
        stream.End();
        await serving.WaitAsync(Cancellation);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_name_of_an_argument_does_not_make_the_answer_long()
    {
        await using FuzzFunctions functions = new();
        using FuzzStream stream = new();
        Task serving = functions.Server.ServeAsync(stream);
        stream.Feed(Requests.Request("add"u8.ToArray(), Encoding.UTF8.GetBytes($$"""{"{{new string('ä', 1000)}}":1}""")));
        Assert.InRange(stream.Written().Length, 1, 1000);
        stream.End();
        await serving.WaitAsync(Cancellation);
    }

    [Fact(Timeout = 60_000)]
    public async Task Words_of_a_failure_that_are_not_read_count_as_a_call()
    {
        await using FuzzFunctions functions = new(new HostFunctionLimits { MaxConcurrentCalls = 1 }, message: new string('m', 100_000));
        using FuzzStream stream = new() { IsBlocked = true };
        Task serving = functions.Server.ServeAsync(stream);
        stream.Feed(Requests.Request("fails"u8.ToArray(), "{}"u8.ToArray()));
        Assert.False(functions.Server.TryEnter());
        stream.Dispose();
        await serving.WaitAsync(Cancellation);
        Assert.True(functions.Server.TryEnter());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_call_that_arrives_as_its_block_ends_does_not_reach_the_function()
    {
        int calls = 0;
        AIFunction function = AIFunctionFactory.Create(() => calls++, "f");
        using HostFunctionInvoker invoker = new(null, NullLogger.Instance, TimeProvider.System);
        CallScope scope = new(new(0, new("python", ""), new(), Files: null, new OutputCollector(1 << 10, 0), CancellationToken.None), _ => { });
        HostFunctionCall call = new(function, scope, "");
        Assert.Null(await invoker.InvokeAsync(call, new(), 100, scope.Ending));
        Assert.Equal(1, calls);
        await scope.DisposeAsync();
        Assert.Equal("cancelled", (await invoker.InvokeAsync(call, new(), 100, scope.Ending))!.Code);
        Assert.Equal(1, calls);
    }

    [Fact]
    public void A_word_of_the_end_without_a_code_is_not_kept_in_wait_for_one()
    {
        NoSink sink = new();
        ExecTrailer trailer = new("\u0004word", OutputStream.StandardOutput, sink);
        trailer.Take("\u0004wordxyz"u8);
        byte[] more = new byte[1 << 10];
        for (int n = 0; n < 1000; n++)
        {
            trailer.Take(more);
        }

        Assert.Equal((1000 * more.Length) + 8, sink.Size);
        trailer.Take("\u0004word007"u8);
        Assert.Equal(7, trailer.ExitCode);
    }

    [Fact]
    public void An_error_that_holds_what_no_text_can_ends_its_cell_and_not_the_connection()
    {
        Cell cell = new("1", output: null);
        Handle("status", """{"execution_state":"idle"}""");
        Handle("error", """{"traceback":["\udc80"]}""");
        Handle("execute_reply", """{"status":"error","ename":"E","evalue":"\udc80"}""");
        Assert.True(cell.Ended.IsCompletedSuccessfully);

        void Handle(string type, string content)
        {
            string json = $$$"""{"header":{"msg_type":"{{{type}}}"},"parent_header":{"msg_id":"1"},"content":{{{content}}}}""";
            using KernelMessage message = KernelMessage.ReadObject(Encoding.UTF8.GetBytes(json));
            cell.Handle(message);
        }
    }

    private static async Task<AgentClient> StartAsync(FuzzStream channel)
    {
        AgentClient client = new(channel);
        Task<AgentHello> hello = client.ConnectAsync(new AgentConfiguration(0, 0, "/", new Dictionary<string, string>()), Cancellation);
        channel.Feed(Hello);
        await hello;
        return client;
    }

    private sealed class NoSink : IOutputSink
    {
        public int Size { get; private set; }

        public void Write(OutputStream stream, ReadOnlySpan<byte> data) => Size += data.Length;
    }

    /// <summary>A guest that connects without end, and says nothing.</summary>
    private sealed class EndlessListener : ISandboxListener
    {
        private bool _isDisposed;

        public ConcurrentQueue<FuzzStream> Accepted { get; } = new();

        public EndPoint EndPoint => new IPEndPoint(IPAddress.Loopback, 1);

        public Task<Stream> AcceptAsync(CancellationToken cancellationToken = default)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            FuzzStream stream = new();
            Accepted.Enqueue(stream);
            return Task.FromResult<Stream>(stream);
        }

        public ValueTask DisposeAsync()
        {
            _isDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
