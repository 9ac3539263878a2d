using System.Diagnostics;

namespace Glovebox.Tests.Contract.Middleware;

public sealed class OpenTelemetryTests
{
    private const string Secret = "tr0ub4dor";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_execution_is_an_activity_with_one_for_each_block_in_it()
    {
        using Traces traces = new();
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor().AsBuilder().UseOpenTelemetry(traces.Source).Build();
        using Activity caller = new Activity("caller").Start();
        await executor.ExecuteCodeBlocksAsync([new("shell", "true"), new("sh", "exit 3")], Ct);
        Assert.Same(caller, Activity.Current);
        Assert.Equal(["execute_code_block sh", "execute_code_block sh", "execute_code"], traces.Activities.Select(a => a.OperationName));
        Activity execution = traces.Activities[^1];
        Assert.Equal(caller.SpanId, execution.ParentSpanId);
        Assert.All(traces.Activities[..2], a => Assert.Equal(execution.SpanId, a.ParentSpanId));
        Assert.Equal(
            [
                new("error.type", "nonzero_exit"), new("glovebox.block.count", 2), new("glovebox.environment", "local"), new("process.exit.code", 3),
            ],
            Tags(execution));
        Assert.Equal(
            [
                new("glovebox.block.index", 0), new("glovebox.environment", "local"), new("glovebox.language", "sh"),
                new("glovebox.termination", "exited"), new("process.exit.code", 0),
            ],
            Tags(traces.Activities[0]));
        Assert.Equal(
            [
                new("error.type", "nonzero_exit"), new("glovebox.block.index", 1), new("glovebox.environment", "local"), new("glovebox.language", "sh"),
                new("glovebox.termination", "exited"), new("process.exit.code", 3),
            ],
            Tags(traces.Activities[1]));
        Assert.Equal(
            [ActivityStatusCode.Unset, ActivityStatusCode.Error, ActivityStatusCode.Error], traces.Activities.Select(a => a.Status));
    }

    [Fact]
    public async Task What_the_executor_traces_is_in_the_blocks_activity()
    {
        using Traces traces = new();
        List<string?> current = [];
        await using ICodeExecutor executor = new ScriptedExecutor
        {
            Running = async (_, _) =>
            {
                current.Add(Activity.Current?.OperationName);
                await Task.Yield();
                current.Add(Activity.Current?.OperationName);
            },
        }.AsBuilder().UseOpenTelemetry(traces.Source).Build();
        await executor.ExecuteCodeBlocksAsync([new("sh", "1"), new("python", "2")], Ct);
        Assert.Equal(
            ["execute_code_block sh", "execute_code_block sh", "execute_code_block python", "execute_code_block python"], current);
    }

    [Fact]
    public async Task Code_and_output_are_recorded_only_on_request()
    {
        Assert.DoesNotContain(Secret, await RunAsync(false), StringComparison.Ordinal);
        string recorded = await RunAsync(true);
        Assert.Contains($"glovebox.code=print {Secret}", recorded, StringComparison.Ordinal);
        Assert.Contains($"glovebox.output={Secret}!", recorded, StringComparison.Ordinal);

        static async Task<string> RunAsync(bool enableSensitiveData)
        {
            using Traces traces = new();
            using Measurements measurements = new(traces.Source);
            await using ICodeExecutor executor = new ScriptedExecutor { Run = block => ScriptedExecutor.Result(block, 0, $"{Secret}!") }.AsBuilder()
                .UseOpenTelemetry(traces.Source, enableSensitiveData).Build();
            await executor.ExecuteCodeBlocksAsync([new("sh", $"print {Secret}")], Ct);
            return string.Join(
                '\n',
                traces.Activities.SelectMany(a => a.TagObjects.Select(t => $"{t.Key}={t.Value}").Append(a.DisplayName).Append(a.StatusDescription))
                    .Concat(measurements.All.Select(m => m.ToString())));
        }
    }

    [Fact]
    public async Task An_environment_that_fails_is_an_error_of_the_block_and_of_the_execution()
    {
        using Traces traces = new();
        await using ICodeExecutor executor = new ScriptedExecutor { Running = (_, _) => throw new SandboxLostException("Gone.") }.AsBuilder()
            .UseOpenTelemetry(traces.Source).Build();
        await Assert.ThrowsAsync<SandboxLostException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        Assert.Equal(2, traces.Activities.Count);
        Assert.All(traces.Activities, a =>
        {
            Assert.Equal((ActivityStatusCode.Error, "Gone."), (a.Status, a.StatusDescription));
            Assert.Equal("Glovebox.SandboxLostException", a.GetTagItem("error.type"));
        });
    }

    [Fact]
    public async Task A_foreign_exceptions_message_is_not_recorded()
    {
        using Traces traces = new();
        await using ICodeExecutor executor = new ScriptedExecutor { Running = (_, _) => throw new FormatException(Secret) }.AsBuilder()
            .UseOpenTelemetry(traces.Source).Build();
        await Assert.ThrowsAsync<FormatException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct));
        Assert.All(traces.Activities, a => Assert.Equal((ActivityStatusCode.Error, null), (a.Status, a.StatusDescription)));
    }

    [Fact]
    public async Task A_block_that_the_reader_left_is_abandoned()
    {
        using Traces traces = new();
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseOpenTelemetry(traces.Source).Build();
        await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync([new("sh", "1")], Ct))
        {
            if (update is OutputReceivedUpdate)
            {
                break;
            }
        }

        Assert.Equal(["run 1", "end"], inner.Calls);
        Assert.Equal(["abandoned", "abandoned"], traces.Activities.Select(a => a.GetTagItem("error.type")));
        Assert.All(traces.Activities, a => Assert.True(a.IsStopped));
    }

    [Fact]
    public async Task Executions_and_blocks_are_counted_and_measured()
    {
        string source = Guid.NewGuid().ToString();
        using Measurements measurements = new(source);
        await using ICodeExecutor executor = new ScriptedExecutor
        {
            Run = block => ScriptedExecutor.Result(block, block.Code == "2" ? 124 : 0, "", block.Code == "2" ? TerminationReason.TimedOut : TerminationReason.Exited),
        }.AsBuilder().UseOpenTelemetry(source).Build();
        await executor.ExecuteCodeBlocksAsync([new("py", "1"), new("sh", "2")], Ct);
        Assert.Equal(
            [
                "glovebox.blocks 1 [glovebox.environment=, glovebox.language=python, glovebox.termination=exited]",
                "glovebox.blocks 1 [glovebox.environment=, glovebox.language=sh, glovebox.termination=timed_out, error.type=timed_out]",
            ],
            measurements.Of("glovebox.blocks"));
        Assert.Equal(
            [
                "glovebox.block.duration 2 [glovebox.environment=, glovebox.language=python, glovebox.termination=exited]",
                "glovebox.block.duration 2 [glovebox.environment=, glovebox.language=sh, glovebox.termination=timed_out, error.type=timed_out]",
            ],
            measurements.Of("glovebox.block.duration"));
        Assert.Equal(["glovebox.executions 1 [glovebox.environment=, error.type=timed_out]"], measurements.Of("glovebox.executions"));
        Assert.Single(measurements.Of("glovebox.execution.duration"));
        Assert.Equal(
            ["glovebox.executions.active 1 [glovebox.environment=]", "glovebox.executions.active -1 [glovebox.environment=]"],
            measurements.Of("glovebox.executions.active"));
    }

    [Fact]
    public async Task Executors_of_one_source_share_a_meter_that_outlives_them()
    {
        string source = Guid.NewGuid().ToString();
        using Measurements measurements = new(source);
        for (int i = 0; i < 3; i++)
        {
            await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder().UseOpenTelemetry(source).Build();
            await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct);
        }

        Assert.Single(measurements.Instruments, i => i.Name == "glovebox.executions");
        Assert.Single(measurements.Instruments.Select(i => i.Meter).Distinct());
        Assert.Equal(3, measurements.Of("glovebox.executions").Count);
        Assert.Equal(0, measurements.Completed);
    }

    [Fact]
    public async Task Starts_are_traced_and_measured_and_so_are_those_that_fail()
    {
        using Traces traces = new();
        using Measurements measurements = new(traces.Source);
        await using ICodeExecutor works = new LocalCommandLineCodeExecutor().AsBuilder().UseOpenTelemetry(traces.Source).Build();
        await works.StartAsync(Ct);
        await works.RestartAsync(Ct);
        await using ICodeExecutor fails = new ScriptedExecutor { Lifecycle = _ => throw new SandboxUnavailableException("no-room", "No room.") }.AsBuilder()
            .UseOpenTelemetry(traces.Source).Build();
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => fails.StartAsync(Ct));
        Assert.Equal(["start_executor", "restart_executor", "start_executor"], traces.Activities.Select(a => a.OperationName));
        Assert.Equal(["local", "local", null], traces.Activities.Select(a => a.GetTagItem("glovebox.environment")));
        Assert.Equal(("no-room", ActivityStatusCode.Error, "No room."), (traces.Activities[2].GetTagItem("error.type"), traces.Activities[2].Status, traces.Activities[2].StatusDescription));
        List<string> durations = measurements.Of("glovebox.start.duration");
        Assert.Equal(3, durations.Count);
        Assert.EndsWith("[glovebox.environment=local]", durations[0], StringComparison.Ordinal);
        Assert.EndsWith("[glovebox.environment=, error.type=no-room]", durations[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_execution_that_starts_the_executor_is_of_the_same_environment_as_any_other()
    {
        using Traces traces = new();
        using Measurements measurements = new(traces.Source);
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor().AsBuilder().UseOpenTelemetry(traces.Source).Build();
        await executor.ExecuteCodeBlocksAsync([new("sh", "true")], Ct);
        Assert.All(traces.Activities, a => Assert.Equal("local", a.GetTagItem("glovebox.environment")));
        Assert.All(measurements.All, m => Assert.Contains("glovebox.environment=local", m.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_cannot_invent_names_of_measurements()
    {
        using Traces traces = new();
        using Measurements measurements = new(traces.Source);
        await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder().UseOpenTelemetry(traces.Source).Build();
        await executor.ExecuteCodeBlocksAsync([new("invented", "1")], Ct);
        Assert.DoesNotContain(measurements.All, m => m.ToString().Contains("invented", StringComparison.Ordinal));
        Assert.Contains("glovebox.language=_OTHER", measurements.Of("glovebox.blocks")[0], StringComparison.Ordinal);
        Assert.Equal("execute_code_block _OTHER", traces.Activities[0].OperationName);
    }

    [Fact]
    public async Task A_language_of_the_executors_own_has_its_name()
    {
        using Traces traces = new();
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor(new() { Languages = { new("own", ".own", ["sh"], []) } }).AsBuilder()
            .UseOpenTelemetry(traces.Source).Build();
        await executor.ExecuteCodeBlocksAsync([new("OWN", "true")], Ct);
        Assert.Equal("execute_code_block own", traces.Activities[0].OperationName);
    }

    [Fact]
    public async Task Without_a_listener_nothing_stands_between_the_caller_and_the_executor()
    {
        await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder().UseOpenTelemetry(Guid.NewGuid().ToString()).Build();
        Assert.StartsWith(
            typeof(ScriptedExecutor).FullName!, executor.ExecuteCodeBlocksStreamingAsync([new("sh", "1")], Ct).GetType().FullName, StringComparison.Ordinal);
    }

    private static IEnumerable<KeyValuePair<string, object?>> Tags(Activity activity) => activity.TagObjects.OrderBy(t => t.Key, StringComparer.Ordinal);
}
