using System.Text.Json;
using Glovebox.Audit;
using Glovebox.Egress;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Unit.Middleware;

/// <summary>What an audit keeps, and what happens when it cannot.</summary>
public sealed class AuditTests
{
    private const string Secret = "tr0ub4dor";

    private readonly CollectingSink _sink = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_execution_is_kept_from_before_its_beginning_to_its_end()
    {
        ScriptedExecutor inner = new()
        {
            Run = block => ScriptedExecutor.Result(block, block.Code == "2" ? 4 : 0, "ä\n", files: new WorkspaceFile("a.txt", 5, default)),
        };
        await using ICodeExecutor executor = inner.AsBuilder().UseAudit(_sink, o => o.Who = () => "alice").Build();
        await executor.ExecuteCodeBlocksAsync([new("py", "1"), new("sh", "2"), new("sh", "3")], Ct);
        Assert.Equal(["ExecutionStarted", "BlockCompleted", "BlockCompleted", "ExecutionEnded"], _sink.Names);
        Assert.All(_sink.Events.Cast<ExecutionAuditEvent>(), e => Assert.Equal(("alice", "ScriptedExecutor"), (e.Who, e.Executor)));
        Assert.Single(_sink.Events.Cast<ExecutionAuditEvent>().Select(e => e.Execution).Distinct());

        ExecutionStartedEvent started = _sink.The<ExecutionStartedEvent>();
        Assert.Equal(3, started.BlockCount);
        Assert.Equal(["python", "sh", "sh"], started.Blocks.Select(b => b.Language));
        Assert.Equal("6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b", started.Blocks[0].CodeSha256);

        BlockCompletedEvent second = _sink.Events.OfType<BlockCompletedEvent>().Last();
        Assert.Equal((1, 4, TerminationReason.Exited, 3, 1), (second.Block, second.ExitCode, second.Termination, second.OutputBytes, second.FileCount));
        Assert.Equal(("a.txt", 5), (second.Files![0].Path, second.Files[0].Size));

        ExecutionEndedEvent ended = _sink.The<ExecutionEndedEvent>();
        Assert.Equal((AuditOutcome.Completed, 4, 2, null), (ended.Outcome, ended.ExitCode, ended.BlocksEnded, ended.Error));
    }

    [Fact]
    public async Task The_form_of_events_is_stable()
    {
        FakeTimeProvider clock = new(new(2026, 11, 30, 1, 2, 3, TimeSpan.Zero));
        ServiceProviderOf services = new() { [typeof(TimeProvider)] = clock };
        await using ICodeExecutor executor = With(
            "",
            new FunctionCalledUpdate(0, "add", "{}", TimeSpan.FromMilliseconds(3), null),
            new EgressUpdate(0, new EgressEvent(EgressEventKind.Allowed, 1, "api.example.org", 443)
            {
                Method = "GET",
                Path = "/" + Secret,
                Rule = "*.example.org",
                Secrets = ["API_KEY"],
            }),
            new EgressUpdate(0, new EgressEvent(EgressEventKind.Refused, 2, "evil.example", 80) { Reason = "not-in-list" })).AsBuilder()
            .UseAudit(_sink, o => o.Who = () => "alice").Build(services);
        await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct);
        string id = _sink.The<ExecutionStartedEvent>().Execution.ToString();
        string common = $"\"version\":1,\"time\":\"2026-11-30T01:02:03+00:00\",\"execution\":\"{id}\",\"who\":\"alice\",\"executor\":\"ScriptedExecutor\"";
        Assert.Equal(
            [
                "{\"type\":\"execution-started\"," + common + ",\"blockCount\":1,\"blocks\":[{\"language\":\"sh\",\"codeSha256\":\"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b\",\"codeBytes\":1}]}",
                "{\"type\":\"function-called\"," + common + ",\"block\":0,\"function\":\"add\",\"duration\":\"00:00:00.0030000\"}",
                "{\"type\":\"egress\"," + common + ",\"block\":0,\"kind\":\"Allowed\",\"connection\":1,\"host\":\"api.example.org\",\"port\":443,\"method\":\"GET\",\"rule\":\"*.example.org\",\"secrets\":[\"API_KEY\"],\"bytesSent\":0,\"bytesReceived\":0}",
                "{\"type\":\"egress\"," + common + ",\"block\":0,\"kind\":\"Refused\",\"connection\":2,\"host\":\"evil.example\",\"port\":80,\"reason\":\"not-in-list\",\"bytesSent\":0,\"bytesReceived\":0}",
                "{\"type\":\"block-completed\"," + common + ",\"block\":0,\"language\":\"sh\",\"codeSha256\":\"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b\",\"exitCode\":0,\"termination\":\"Exited\",\"duration\":\"00:00:02\",\"outputBytes\":0,\"fileCount\":0,\"deletedFileCount\":0}",
                "{\"type\":\"execution-ended\"," + common + ",\"outcome\":\"Completed\",\"exitCode\":0,\"blocksEnded\":1,\"duration\":\"00:00:00\"}",
            ],
            _sink.Events.Select(e => JsonSerializer.Serialize(e, AuditJson.Event)));
        Assert.All(_sink.Events, e => Assert.IsType(e.GetType(), JsonSerializer.Deserialize(JsonSerializer.Serialize(e, AuditJson.Event), AuditJson.Event)));
    }

    [Fact]
    public async Task Code_output_and_arguments_are_kept_only_on_request_and_cut()
    {
        Assert.DoesNotContain(Secret, await RunAsync(_ => { }), StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{Secret}\"", await RunAsync(o => o.IncludesCode = true), StringComparison.Ordinal);
        Assert.Contains($"\"output\":\"{Secret}\"", await RunAsync(o => o.IncludesOutput = true), StringComparison.Ordinal);
        Assert.Contains($"\"arguments\":\"{Secret}\"", await RunAsync(o => o.IncludesArguments = true), StringComparison.Ordinal);
        string cut = await RunAsync(o =>
        {
            o.IncludesCode = o.IncludesOutput = o.IncludesArguments = true;
            o.MaxTextLength = 4;
        });
        Assert.DoesNotContain(Secret, cut, StringComparison.Ordinal);
        Assert.Equal(3, cut.Split("\"tr0u\\u2026\"").Length - 1);

        static async Task<string> RunAsync(Action<AuditOptions> configure)
        {
            CollectingSink sink = new();
            await using ICodeExecutor executor = With(
                Secret, new FunctionCalledUpdate(0, "f", Secret, default, null)).AsBuilder().UseAudit(sink, configure).Build();
            await executor.ExecuteCodeBlocksAsync(
                [new("sh", Secret)], new CodeExecutionOptions { Environment = new Dictionary<string, string> { ["K"] = Secret }, Arguments = [Secret] }, Ct);
            return string.Concat(sink.Events.Select(e => JsonSerializer.Serialize(e, AuditJson.Event)));
        }
    }

    [Fact]
    public async Task Denied_blocks_are_kept_by_an_audit_outside_of_the_approval_and_not_by_one_within()
    {
        await using ICodeExecutor outside = new ScriptedExecutor().AsBuilder()
            .UseAudit(_sink).UseApproval(b => b.Code == "2" ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve()).Build();
        await outside.ExecuteCodeBlocksAsync([new("sh", "1"), new("sh", "2")], Ct);
        Assert.Equal([TerminationReason.Exited, TerminationReason.Denied], _sink.Events.OfType<BlockCompletedEvent>().Select(e => e.Termination));
        Assert.Equal(2, _sink.The<ExecutionStartedEvent>().BlockCount);

        CollectingSink within = new();
        await using ICodeExecutor other = new ScriptedExecutor().AsBuilder()
            .UseApproval(b => b.Code == "2" ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve()).UseAudit(within).Build();
        await other.ExecuteCodeBlocksAsync([new("sh", "1"), new("sh", "2")], Ct);
        Assert.Equal(["ExecutionStarted", "BlockCompleted", "ExecutionEnded"], within.Names);
    }

    [Fact]
    public async Task Nothing_runs_that_cannot_be_kept()
    {
        ScriptedExecutor inner = new();
        IOException cause = new("full");
        _sink.Fails = _ => cause;
        await using ICodeExecutor executor = inner.AsBuilder().UseAudit(_sink).Build();
        AuditException error = await Assert.ThrowsAsync<AuditException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        Assert.Equal("audit-failed", error.Code);
        Assert.Same(cause, error.InnerException);
        Assert.Empty(inner.Calls);
    }

    [Fact]
    public async Task An_event_that_cannot_be_kept_while_code_runs_ends_it()
    {
        ScriptedExecutor inner = new();
        _sink.Fails = e => e is BlockCompletedEvent ? new AuditException("full") : null;
        await using ICodeExecutor executor = inner.AsBuilder().UseAudit(_sink).Build();
        await Assert.ThrowsAsync<AuditException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1"), new("sh", "2")], Ct));
        Assert.Equal(["run 1", "end"], inner.Calls);
        ExecutionEndedEvent ended = _sink.The<ExecutionEndedEvent>();
        Assert.Equal((AuditOutcome.Failed, "audit-failed"), (ended.Outcome, ended.Error));
    }

    [Fact]
    public async Task An_end_that_cannot_be_kept_is_an_error_unless_there_is_one_already()
    {
        _sink.Fails = e => e is ExecutionEndedEvent ? new AuditException("full") : null;
        Exception? failure = null;
        await using ICodeExecutor executor = new ScriptedExecutor { Running = (_, _) => failure is null ? Task.CompletedTask : throw failure }
            .AsBuilder().UseAudit(_sink).Build();
        await Assert.ThrowsAsync<AuditException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        failure = new SandboxLostException("Gone.");
        await Assert.ThrowsAsync<SandboxLostException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
    }

    [Fact]
    public async Task Where_it_is_allowed_the_execution_goes_on_and_the_log_says_so()
    {
        CollectingLogger log = new();
        _sink.Fails = e => e is ExecutionStartedEvent ? new IOException("full") : null;
        await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder().UseAudit(_sink, o => o.FailsClosed = false, log).Build();
        Assert.Equal(0, (await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct)).ExitCode);
        Assert.Equal([(LogLevel.Error, "ExecutionStartedEvent could not be kept in the audit.")], log.Entries);
        Assert.Equal(["BlockCompleted", "ExecutionEnded"], _sink.Names);
    }

    [Fact]
    public async Task Failures_cancellations_and_readers_that_leave_are_told_apart()
    {
        using CancellationTokenSource cancellation = new();
        Exception? failure = new SandboxLostException(Secret);
        await using ICodeExecutor executor = new ScriptedExecutor
        {
            Running = async (_, token) =>
            {
                if (failure is not null)
                {
                    throw failure;
                }

                await cancellation.CancelAsync();
                token.ThrowIfCancellationRequested();
            },
        }.AsBuilder().UseAudit(_sink).Build();
        await Assert.ThrowsAsync<SandboxLostException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        failure = new InvalidDataException(Secret);
        await Assert.ThrowsAsync<InvalidDataException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        failure = null;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], cancellation.Token));
        await foreach (CodeExecutionUpdate _ in executor.ExecuteCodeBlocksStreamingAsync([new("sh", "1")], Ct))
        {
            break;
        }

        Assert.Equal(
            [
                (AuditOutcome.Failed, "sandbox-lost"), (AuditOutcome.Failed, "System.IO.InvalidDataException"), (AuditOutcome.Cancelled, null),
                (AuditOutcome.Abandoned, null),
            ],
            _sink.Events.OfType<ExecutionEndedEvent>().Select(e => (e.Outcome, e.Error)));
    }

    [Fact]
    public async Task A_flood_of_calls_ends_the_execution()
    {
        ScriptedExecutor inner = With("", [.. Enumerable.Range(0, 20).Select(_ => new FunctionCalledUpdate(0, "f", "", default, null))]);
        await using ICodeExecutor executor = inner.AsBuilder().UseAudit(_sink, o => o.MaxEvents = 10).Build();
        AuditException error = await Assert.ThrowsAsync<AuditException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        Assert.Contains("more than 10 calls", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, _sink.Events.OfType<FunctionCallAuditEvent>().Count());
        Assert.Equal(AuditOutcome.Failed, _sink.The<ExecutionEndedEvent>().Outcome);
    }

    [Fact]
    public async Task Where_it_is_allowed_a_flood_is_cut_off_and_logged_once()
    {
        CollectingLogger log = new();
        ScriptedExecutor inner = With("", [.. Enumerable.Range(0, 20).Select(_ => new FunctionCalledUpdate(0, "f", "", default, null))]);
        await using ICodeExecutor executor = inner.AsBuilder().UseAudit(
            _sink,
            o =>
            {
                o.MaxEvents = 10;
                o.FailsClosed = false;
            },
            log).Build();
        await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct);
        Assert.Equal(10, _sink.Events.OfType<FunctionCallAuditEvent>().Count());
        Assert.Equal(AuditOutcome.Completed, _sink.The<ExecutionEndedEvent>().Outcome);
        Assert.Single(log.Entries);
    }

    [Fact]
    public async Task Text_that_is_no_text_is_kept_all_the_same()
    {
        await using ICodeExecutor executor = With("\ud800").AsBuilder().UseAudit(_sink, o => o.IncludesCode = o.IncludesOutput = true).Build();
        await executor.ExecuteCodeBlocksAsync([new("sh\udc00", "\udc00\ud83d\ude00")], Ct);
        using TestFolder folder = new();
        using FileAuditSink sink = new(folder["audit.jsonl"]);
        foreach (AuditEvent kept in _sink.Events)
        {
            await sink.WriteAsync(kept, Ct);
        }

        Assert.True((await AuditChain.VerifyAsync([folder["audit.jsonl"]], default, null, Ct)).IsIntact);
    }

    [Fact]
    public async Task What_runs_is_what_was_kept()
    {
        ScriptedExecutor inner = new();
        List<CodeBlock> blocks = [new("sh", "1")];
        await using ICodeExecutor executor = inner.AsBuilder().UseAudit(_sink).Build();
        IAsyncEnumerable<CodeExecutionUpdate> updates = executor.ExecuteCodeBlocksStreamingAsync(blocks, Ct);
        blocks[0] = new("sh", "another");
        await new Running(updates).Completion;
        Assert.Equal(["run 1", "end"], inner.Calls);
        Assert.Equal(1, _sink.The<ExecutionStartedEvent>().Blocks[0].CodeBytes);
    }

    [Fact]
    public async Task Who_is_asked_for_each_execution_and_nothing_runs_when_that_cannot_be_told()
    {
        Queue<string?> names = new(["alice", null, new string('x', 300)]);
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseAudit(_sink, o => o.Who = names.Dequeue).Build();
        for (int i = 0; i < 3; i++)
        {
            await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct);
        }

        Assert.Equal(["alice", null, new string('x', 256) + "…"], _sink.Events.OfType<ExecutionEndedEvent>().Select(e => e.Who));
        await Assert.ThrowsAsync<InvalidOperationException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        Assert.Equal(6, inner.Calls.Count);
    }

    [Fact]
    public async Task The_sink_and_the_clock_come_from_the_services()
    {
        await using ScriptedExecutor inner = new();
        Assert.Contains("IAuditSink", Assert.Throws<InvalidOperationException>(() => inner.AsBuilder().UseAudit().Build()).Message, StringComparison.Ordinal);
        Assert.Contains(
            "FailsClosed",
            Assert.Throws<InvalidOperationException>(() => inner.AsBuilder().UseAudit(_sink, o => o.FailsClosed = false).Build()).Message,
            StringComparison.Ordinal);
        ICodeExecutor executor = inner.AsBuilder().UseAudit().Build(new ServiceProviderOf { [typeof(IAuditSink)] = _sink });
        await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct);
        Assert.NotEmpty(_sink.Events);
    }

    [Fact]
    public async Task The_log_has_every_event_and_no_line_of_the_guests()
    {
        CollectingLogger log = new();
        const string Forged = "x\r\ninfo: \u001b[31mforged";
        await using ICodeExecutor executor = With(
            Forged,
            new FunctionCalledUpdate(0, Forged, Forged, default, "failed"),
            new EgressUpdate(0, new EgressEvent(EgressEventKind.Closed, 1, "a.example", 443) { BytesSent = 5, Secrets = ["KEY"] }))
            .AsBuilder().UseAudit(new LoggerAuditSink(log), o => o.IncludesCode = o.IncludesOutput = o.IncludesArguments = true).Build();
        await executor.ExecuteCodeBlocksAsync([new(Forged, Forged)], Ct);
        Assert.Equal(9, log.Entries.Count);
        Assert.All(log.Entries, e => Assert.Equal(LogLevel.Information, e.Level));
        Assert.DoesNotContain(log.Entries, e => e.Message.Any(char.IsControl));
        Assert.Contains(log.Entries, e => e.Message.Contains("a.example:443", StringComparison.Ordinal)
            && e.Message.EndsWith("secrets KEY, 5 bytes sent, 0 received.", StringComparison.Ordinal));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuditOptions { MaxTextLength = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuditOptions { MaxTextLength = (1 << 20) + 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuditOptions { MaxEvents = 0 });
        AuditOptions defaults = new();
        Assert.Equal((1 << 16, 100_000, true), (defaults.MaxTextLength, defaults.MaxEvents, defaults.FailsClosed));
        Assert.False(defaults.IncludesCode || defaults.IncludesOutput || defaults.IncludesArguments);
    }

    private sealed class ServiceProviderOf : Dictionary<Type, object>, IServiceProvider
    {
        public object? GetService(Type serviceType) => this.GetValueOrDefault(serviceType);
    }

    /// <summary>An executor whose blocks have these updates.</summary>
    private static ScriptedExecutor With(string output, params CodeExecutionUpdate[] updates) =>
        new() { Updates = _ => updates, Run = block => ScriptedExecutor.Result(block, 0, output) };
}
