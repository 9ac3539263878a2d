using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Glovebox.Execution;
using Glovebox.Execution.Displays;
using Glovebox.Interpreters;
using Glovebox.Sandboxes;
using Glovebox.Tests.Common.Fakes;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>The host's end of a connection to a supervisor of interpreters, with two contexts; the supervisor is the test.</summary>
internal sealed class FuzzSupervisor : IAsyncDisposable
{
    /// <summary>How many things a host may be told to do.</summary>
    public const int Actions = 8;

    /// <summary>How long anything may take once the connection has ended.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly FuzzStream _channel = new();
    private readonly FakeSandboxProvider _provider;
    private readonly List<(string What, Task Task)> _pending = [];
    private readonly Task[] _running = [Task.CompletedTask, Task.CompletedTask];
    private FakeSandbox? _sandbox;
    private InterpreterHost? _host;

    private FuzzSupervisor()
    {
        _provider = new FakeSandboxProvider { Listener = new Listener(_channel) };
        _provider.Programs["python3"] = async process =>
        {
            await Task.Delay(Timeout.Infinite, process.Killed);
            return 0;
        };
    }

    /// <summary>The contexts, with the numbers 1 and 2.</summary>
    public LiveContext[] Contexts { get; private set; } = [];

    public InterpreterHost Host => _host!;

    /// <param name="time">The clock of the contexts. Null: the system's.</param>
    public static FuzzSupervisor Start(TimeProvider? time = null)
    {
        FuzzSupervisor supervisor = new();
        supervisor.StartAsync(time ?? TimeProvider.System).WaitAsync(Bound).GetAwaiter().GetResult();
        return supervisor;
    }

    /// <summary>Begins one of the things that hosts do.</summary>
    public void Act(int action)
    {
        LiveContext context = Contexts[action % 2];
        switch (action / 2)
        {
            case 0 when _running[action % 2].IsCompleted:
                OutputCollector output = new(1 << 20, 0);
                _running[action % 2] = RunAsync(context, output);
                Expect("run", _running[action % 2]);
                break;
            case 1:
                Expect("interrupt", context.InterruptAsync());
                Expect("processes", ListAsync(context));
                break;
            case 2:
                Expect("roll back", Host.RollBackAsync(context, 1, CancellationToken.None));
                Expect("branch", Host.BranchAsync(context, TimeProvider.System, CancellationToken.None));
                break;
            default:
                _ = (context.TakeLoss(), context.TakeIdleEnd());
                Expect("create", Host.CreateAsync(false, null, null, TimeProvider.System, CancellationToken.None));
                break;
        }
    }

    /// <summary>Runs a block, and checks that its end makes sense.</summary>
    public static Task<ContextEnd> RunAsync(LiveContext context, OutputCollector output) => RunAsync(context, output, CancellationToken.None);

    /// <summary>Runs a block until it is stopped.</summary>
    public static async Task<ContextEnd> RunAsync(LiveContext context, OutputCollector output, CancellationToken stop)
    {
        BlockDisplays displays = new(output, new DisplayFiles(null, null), context.DisplayNames, new DisplayLimits(10, 1 << 20));
        ExecuteOrder order = new(context.Blocks + 1, "x", null, null, null);
        ContextEnd end = await context.RunAsync(order, displays, stop).ConfigureAwait(false);
        Assert.InRange(end.Code, 0, 255);
        Assert.InRange(end.Undone, 0, order.Number);
        Assert.InRange(context.Blocks, 0, order.Number);
        Assert.InRange(end.NotInCheckpoint.Count, 0, 9);
        Assert.All(end.NotInCheckpoint, word => Assert.InRange(word.Length, 0, 300));
        Assert.All(context.DisplayNames.Keys, name => Assert.InRange(name.Length, 0, 1000));
        return end;
    }

    /// <summary>Feeds bytes as the supervisor.</summary>
    public void Feed(ReadOnlySpan<byte> data) => _channel.Feed(data);

    /// <summary>What the host has sent so far, and about which contexts.</summary>
    public IReadOnlyList<(InterpreterFrame Type, uint Context)> Sent()
    {
        List<(InterpreterFrame Type, uint Context)> sent = [];
        for (ReadOnlySpan<byte> left = _channel.Written(); !left.IsEmpty; left = left[(4 + BinaryPrimitives.ReadInt32LittleEndian(left))..])
        {
            sent.Add(((InterpreterFrame)left[4], BinaryPrimitives.ReadUInt32LittleEndian(left[5..])));
        }

        return sent;
    }

    /// <summary>Reads no more of what the host sends.</summary>
    public void StopReading() => _channel.IsBlocked = true;

    /// <summary>Ends the connection, and checks that everything ends with it, in no other way than is documented.</summary>
    public void End()
    {
        _channel.End();
        foreach ((string what, Task task) in _pending)
        {
            Assert.True(((IAsyncResult)task).AsyncWaitHandle.WaitOne(Bound), $"'{what}' does not end.");
            Exception? failure = task.Exception?.InnerException;
            Assert.True(failure is null or CodeExecutionException, $"'{what}' failed with {failure}");
            Assert.InRange(failure?.Message.Length ?? 0, 0, 10_000);
        }

        Assert.True(SpinWait.SpinUntil(() => !Host.IsRunning && _sandbox!.Running.Count == 0, Bound), "The supervisor is not ended.");
        Assert.All(Contexts, c => Assert.True(c.IsLost));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync().AsTask().WaitAsync(Bound);
        await _sandbox!.DisposeAsync();
    }

    private async Task ListAsync(LiveContext context)
    {
        foreach (ProcessNews news in await Host.ProcessesAsync(context, CancellationToken.None).ConfigureAwait(false))
        {
            ContextProcess process = new(news);
            Assert.InRange(process.Command.Length, 0, 100_000);
            Assert.InRange(process.Age, TimeSpan.Zero, TimeSpan.MaxValue);
        }
    }

    private async Task StartAsync(TimeProvider time)
    {
        _sandbox = (FakeSandbox)await _provider.StartAsync(new SandboxRequest()).ConfigureAwait(false);
        Task<InterpreterHost> starting = InterpreterHost.StartAsync(
            _sandbox, new SupervisorSettings("/workspace", 3, 1 << 20, 100, []), TimeProvider.System, CancellationToken.None);
        Feed(SupervisorFrames.Of(InterpreterFrame.Hello, 0, """{"python":"3.12.0","failed":""}"""));
        _host = await starting.ConfigureAwait(false);
        Task<LiveContext> Create(uint number)
        {
            Task<LiveContext> made = _host.CreateAsync(number == 2, null, null, time, CancellationToken.None);
            Feed(SupervisorFrames.Of(InterpreterFrame.Reply, number, $$"""{"request":{{number}},"error":"","processes":[]}"""));
            return made;
        }

        Contexts = [await Create(1).ConfigureAwait(false), await Create(2).ConfigureAwait(false)];
    }

    private void Expect(string what, Task task) => _pending.Add((what, task));

    private sealed class Listener(Stream stream) : ISandboxListener
    {
        public EndPoint EndPoint { get; } = new UnixDomainSocketEndPoint("/s");

        public Task<Stream> AcceptAsync(CancellationToken cancellationToken = default) => Task.FromResult(stream);

        public ValueTask DisposeAsync() => default;
    }
}
