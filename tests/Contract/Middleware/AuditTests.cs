using Glovebox.Audit;
using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Contract.Middleware;

/// <summary>What an audit keeps of executors that run.</summary>
public sealed class AuditTests
{
    private readonly CollectingSink _sink = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Kinds => ["bubblewrap", "fake"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_run_that_fails_in_its_second_block(string kind)
    {
        await using ICodeExecutor executor = Create(kind);
        await executor.ExecuteCodeBlocksAsync([new("shell", "echo one"), new("sh", "exit 3"), new("sh", "echo three")], Ct);
        Assert.Equal(["ExecutionStarted", "BlockCompleted", "BlockCompleted", "ExecutionEnded"], _sink.Names);
        Assert.Equal([("sh", 0, 4L), ("sh", 3, 0L)], _sink.Events.OfType<BlockCompletedEvent>().Select(e => (e.Language, e.ExitCode, e.OutputBytes)));
        Assert.Equal((AuditOutcome.Completed, 3, 2), Ended());
        Assert.All(_sink.Events.Cast<ExecutionAuditEvent>(), e => Assert.Equal(kind, e.Sandbox));
        Assert.All(_sink.Events.Cast<ExecutionAuditEvent>(), e => Assert.EndsWith("CodeExecutor", e.Executor, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Blocks_that_time_out_write_files_are_unknown_or_find_no_interpreter()
    {
        await using ICodeExecutor executor = Create("bubblewrap");
        await executor.ExecuteCodeBlocksAsync(
            [new("python", "open('a.txt', 'w').write('12345')"), new("sh", "sleep 60")],
            new CodeExecutionOptions { Timeout = TimeSpan.FromSeconds(1) },
            Ct);
        await executor.ExecuteCodeBlocksAsync([new("cobol", "x")], Ct);
        BlockCompletedEvent[] blocks = [.. _sink.Events.OfType<BlockCompletedEvent>()];
        Assert.Equal(
            [TerminationReason.Exited, TerminationReason.TimedOut, TerminationReason.NotStarted], blocks.Select(b => b.Termination));
        Assert.Equal(("a.txt", 5), (blocks[0].Files![0].Path, blocks[0].Files![0].Size));
        Assert.Equal((124, "cobol"), (blocks[1].ExitCode, blocks[2].Language));
    }

    [Fact]
    public async Task A_run_that_the_caller_cancels()
    {
        await using ICodeExecutor executor = Create("bubblewrap");
        using CancellationTokenSource cancellation = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync(
                [new("sh", "echo begun; sleep 60")], cancellation.Token))
            {
                if (update is OutputReceivedUpdate)
                {
                    await cancellation.CancelAsync();
                }
            }
        });
        Assert.Equal(["ExecutionStarted", "ExecutionEnded"], _sink.Names);
        Assert.Equal((AuditOutcome.Cancelled, null, 0), Ended());
    }

    [Fact]
    public async Task A_run_that_is_stopped()
    {
        await using ICodeExecutor executor = Create("bubblewrap");
        await Assert.ThrowsAsync<ExecutorStoppedException>(async () =>
        {
            await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync([new("sh", "echo begun; sleep 60")], Ct))
            {
                if (update is OutputReceivedUpdate)
                {
                    await executor.StopAsync(Ct);
                }
            }
        });
        Assert.Equal("executor-stopped", _sink.The<ExecutionEndedEvent>().Error);
    }

    [Fact]
    public async Task A_sandbox_that_cannot_be_started()
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["file"], "", Ct);
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(new() { WorkDir = folder["file"] }).AsBuilder().UseAudit(_sink).Build();
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "true")], Ct));
        Assert.Equal((AuditOutcome.Failed, null, 0), Ended());
        Assert.Equal("work-directory-unusable", _sink.The<ExecutionEndedEvent>().Error);
    }

    [Fact]
    public async Task Calls_of_functions_and_a_block_that_is_denied()
    {
        ExecutorSetup setup = new() { Configure = o => o.Functions.Add(FunctionSetups.Function((string text) => text.Length / (text.Length - 1), "measure")) };
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(setup).AsBuilder()
            .UseAudit(_sink).UseApproval(b => b.Language == "sh" ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve()).Build();
        await executor.ExecuteCodeBlocksAsync(
            [
                new("python", "from functions import measure\nmeasure('tr0ub4dor')\ntry:\n    measure('1')\nexcept Exception:\n    pass"),
                new("sh", "echo never"),
            ],
            Ct);
        Assert.Equal(
            ["ExecutionStarted", "FunctionCall", "FunctionCall", "BlockCompleted", "BlockCompleted", "ExecutionEnded"], _sink.Names);
        FunctionCallAuditEvent[] calls = [.. _sink.Events.OfType<FunctionCallAuditEvent>()];
        Assert.All(calls, c => Assert.Equal(("measure", null), (c.Function, c.Arguments)));
        Assert.Null(calls[0].Error);
        Assert.NotNull(calls[1].Error);
        Assert.Equal(TerminationReason.Denied, _sink.Events.OfType<BlockCompletedEvent>().Last().Termination);
    }

    [Fact]
    public async Task Code_ends_before_its_next_block_when_an_event_cannot_be_kept()
    {
        using TestFolder folder = new();
        _sink.Fails = e => e is BlockCompletedEvent ? new IOException("full") : null;
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(new() { WorkDir = folder["work"] }).AsBuilder().UseAudit(_sink).Build();
        await Assert.ThrowsAsync<AuditException>(
            () => executor.ExecuteCodeBlocksAsync([new("sh", "echo >one"), new("sh", "echo >two")], Ct));
        Assert.True(File.Exists(folder["work/one"]));
        Assert.False(File.Exists(folder["work/two"]));
    }

    [Fact]
    public async Task What_the_egress_proxy_decides_while_a_block_runs()
    {
        await using ICodeExecutor executor = new ScriptedExecutor
        {
            Updates = _ =>
            [
                new EgressUpdate(0, new(EgressEventKind.Allowed, 1, "api.example.org", 443) { Rule = "api.example.org", Secrets = ["KEY"] }),
                new EgressUpdate(0, new(EgressEventKind.Refused, 2, "evil.example", 443) { Reason = "not-in-list" }),
                new EgressUpdate(0, new(EgressEventKind.Closed, 1, "api.example.org", 443) { BytesSent = 10, BytesReceived = 20 }),
            ],
        }.AsBuilder().UseAudit(_sink).UseApproval(_ => ApprovalDecision.Approve()).Build();
        await executor.ExecuteCodeBlocksAsync([new("sh", "1"), new("sh", "2")], Ct);
        EgressAuditEvent[] events = [.. _sink.Events.OfType<EgressAuditEvent>()];
        Assert.Equal([0, 0, 0, 1, 1, 1], events.Select(e => e.Block));
        Assert.Equal(
            [
                (EgressEventKind.Allowed, "api.example.org", "api.example.org", null, "KEY", 0L),
                (EgressEventKind.Refused, "evil.example", null, "not-in-list", null, 0L),
                (EgressEventKind.Closed, "api.example.org", null, null, null, 20L),
            ],
            events[..3].Select(e => (e.Kind, e.Host, e.Rule, e.Reason, e.Secrets?[0], e.BytesReceived)));
    }

    [Theory]
    [InlineData(true, "200", 1)]
    [InlineData(false, "503", 0)]
    public async Task What_a_block_has_left_running_reaches_while_no_block_runs(bool isKept, string status, int requests)
    {
        await using EgressLab lab = new();
        _sink.Fails = e => e is EgressAuditEvent && !isKept ? new IOException("full") : null;
        await using ICodeExecutor executor = new InterpreterCodeExecutor(
            lab.Setup("good.test@ private").Configured(new InterpreterCodeExecutorOptions { Policy = new() { Network = NetworkAccess.AllowList } }))
            .AsBuilder().UseAudit(_sink).Build();
        await executor.ExecuteCodeBlocksAsync(
            [
                new("python", $"""
                    import os, threading, time, urllib.error, urllib.request
                    def ask():
                        while not os.path.exists('go'):
                            time.sleep(0.01)
                        try:
                            status = urllib.request.urlopen('{lab.Http("good.test")}').status
                        except urllib.error.HTTPError as e:
                            status = e.code
                        with open('part', 'w') as file:
                            file.write(str(status))
                        os.rename('part', 'answer')
                    threading.Thread(target=ask).start()
                    """),
            ],
            Ct);
        Assert.Equal("ExecutionEnded", _sink.Names.Last());
        await executor.Workspace.WriteAllTextAsync("go", "", Ct);
        await Eventually.HoldsAsync(
            async () => (await executor.Workspace.ListAsync(Ct)).Files.Any(f => f.Path == "answer"), "the guest has its answer");
        Assert.Equal(status, await executor.Workspace.ReadAllTextAsync("answer", cancellationToken: Ct));
        Assert.Equal(requests, lab.Plain.Requests.Count);
        ExecutionEndedEvent ended = _sink.The<ExecutionEndedEvent>();
        Assert.Equal(
            isKept ? [(ended.Execution, 0, EgressEventKind.Allowed)] : [],
            _sink.Events.OfType<EgressAuditEvent>().Take(1).Select(e => (e.Execution, e.Block, e.Kind)));
    }

    private ICodeExecutor Create(string kind) =>
        (kind == "fake" ? ExecutorKind.Fake : ExecutorKind.Bubblewrap).Create(new()).AsBuilder().UseAudit(_sink).Build();

    private (AuditOutcome Outcome, int? ExitCode, int Blocks) Ended()
    {
        ExecutionEndedEvent ended = _sink.The<ExecutionEndedEvent>();
        return (ended.Outcome, ended.ExitCode, ended.BlocksEnded);
    }
}
