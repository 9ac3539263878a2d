using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Unit.Middleware;

public sealed class LoggingTests
{
    private const string Secret = "tr0ub4dor";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_execution_is_one_line_of_information_and_its_steps_are_for_debugging()
    {
        CollectingLogger log = new();
        FakeTimeProvider clock = new();
        await using LoggingCodeExecutor executor = new LoggingCodeExecutor(
            new ScriptedExecutor
            {
                Running = (_, _) =>
                {
                    clock.Advance(TimeSpan.FromMilliseconds(7));
                    return Task.CompletedTask;
                },
                Run = block => ScriptedExecutor.Result(block, block.Code == "2" ? 4 : 0, "x", files: new WorkspaceFile("a.txt", 5, default)),
            },
            log,
            clock,
            enableSensitiveData: false);
        await executor.StartAsync(Ct);
        await executor.ExecuteCodeBlocksAsync([new("sh", "1"), new("sh", "2"), new("sh", "3")], Ct);
        Assert.Equal(
            [
                (LogLevel.Debug, "Start began."),
                (LogLevel.Debug, "Start ended after 0 ms."),
                (LogLevel.Debug, "Execution began."),
                (LogLevel.Debug, "Block 0 (sh) began."),
                (LogLevel.Debug, "Block 0 produced the file a.txt of 5 bytes."),
                (LogLevel.Debug, "Block 0 (sh) ended with exit code 0, Exited, after 2000 ms."),
                (LogLevel.Debug, "Block 1 (sh) began."),
                (LogLevel.Debug, "Block 1 produced the file a.txt of 5 bytes."),
                (LogLevel.Debug, "Block 1 (sh) ended with exit code 4, Exited, after 2000 ms."),
                (LogLevel.Information, "Executed 2 of 3 code blocks in 14 ms; exit code 4."),
            ],
            log.Entries);
    }

    [Fact]
    public async Task Code_and_output_are_logged_only_on_request()
    {
        Assert.DoesNotContain(await RunAsync(enableSensitiveData: false), e => e.Message.Contains(Secret, StringComparison.Ordinal));
        Assert.Equal(
            [(LogLevel.Trace, $"Block 0 is: print {Secret}"), (LogLevel.Trace, $"Block 0 printed to StandardOutput: {Secret}!")],
            (await RunAsync(enableSensitiveData: true)).Where(e => e.Message.Contains(Secret, StringComparison.Ordinal)));
        Assert.DoesNotContain(
            await RunAsync(enableSensitiveData: true, LogLevel.Debug), e => e.Message.Contains(Secret, StringComparison.Ordinal));

        static async Task<IEnumerable<(LogLevel Level, string Message)>> RunAsync(bool enableSensitiveData, LogLevel level = LogLevel.Trace)
        {
            CollectingLogger log = new();
            using ILoggerFactory factory = LoggerFactory.Create(b => b.SetMinimumLevel(level).AddProvider(new Provider(log)));
            await using ICodeExecutor executor = new ScriptedExecutor { Run = block => ScriptedExecutor.Result(block, 0, $"{Secret}!") }.AsBuilder()
                .UseLogging(factory, enableSensitiveData).Build();
            await executor.ExecuteCodeBlocksAsync([new("sh", $"print {Secret}")], Ct);
            return log.Entries;
        }
    }

    [Fact]
    public async Task What_guest_code_chose_forges_no_line()
    {
        CollectingLogger log = new();
        const string Forged = "x\r\ninfo: \u001b[31mforged\u009b";
        await using ICodeExecutor executor = new ScriptedExecutor
        {
            Run = block => ScriptedExecutor.Result(block, 0, Forged, files: new WorkspaceFile(Forged, 5, default)),
        }.AsBuilder().UseLogging(log, enableSensitiveData: true).Build();
        await executor.ExecuteCodeBlocksAsync([new(Forged, Forged)], Ct);
        Assert.Equal(5, log.Entries.Count(e => e.Message.Contains(@"x\r\ninfo: \u001B[31mforged\u009B", StringComparison.Ordinal)));
        Assert.DoesNotContain(log.Entries, e => e.Message.Any(char.IsControl));
    }

    [Fact]
    public async Task Failures_are_errors_and_a_callers_cancellation_is_not()
    {
        CollectingLogger log = new();
        using CancellationTokenSource cancellation = new();
        Exception? failure = new SandboxLostException("Gone.");
        await using ICodeExecutor executor = new ScriptedExecutor
        {
            Running = (_, token) => Fail(token),
            Lifecycle = Fail,
        }.AsBuilder().UseLogging(log).Build();
        await Assert.ThrowsAsync<SandboxLostException>(() => executor.StartAsync(cancellation.Token));
        await Assert.ThrowsAsync<SandboxLostException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], cancellation.Token));
        Assert.Equal(["Start failed.", "Execution failed."], log.Entries.Where(e => e.Level == LogLevel.Error).Select(e => e.Message));

        failure = null;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => executor.StopAsync(cancellation.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => executor.RestartAsync(cancellation.Token));
        Assert.Equal(2, log.Entries.Count(e => e.Level == LogLevel.Error));
        Assert.Contains((LogLevel.Debug, "Stop was cancelled."), log.Entries);
        Assert.Contains((LogLevel.Debug, "Restart was cancelled."), log.Entries);

        async Task Fail(CancellationToken token)
        {
            if (failure is not null)
            {
                throw failure;
            }

            await cancellation.CancelAsync();
            token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task A_cancelled_execution_is_no_error()
    {
        CollectingLogger log = new();
        using CancellationTokenSource cancellation = new();
        await using ICodeExecutor executor = new ScriptedExecutor
        {
            Running = async (_, token) =>
            {
                await cancellation.CancelAsync();
                token.ThrowIfCancellationRequested();
            },
        }.AsBuilder().UseLogging(log).Build();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => executor.ExecuteCodeBlocksAsync([new("sh", "1")], cancellation.Token));
        Assert.Equal((LogLevel.Debug, "Execution was cancelled."), log.Entries.Last());
        Assert.DoesNotContain(log.Entries, e => e.Level > LogLevel.Debug);
    }

    [Fact]
    public async Task Leaving_early_is_told_and_ends_the_block()
    {
        CollectingLogger log = new();
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseLogging(log).Build();
        await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync([new("sh", "1"), new("sh", "2")], Ct))
        {
            if (update is BlockStartedUpdate { BlockIndex: 1 })
            {
                break;
            }
        }

        Assert.Equal((LogLevel.Debug, "The reader left the execution during or after block 1."), log.Entries.Last());
        Assert.Equal(["run 1", "end"], inner.Calls);
    }

    [Fact]
    public async Task A_logger_factory_has_to_come_from_somewhere()
    {
        await using ScriptedExecutor inner = new();
        CodeExecutorBuilder builder = inner.AsBuilder().UseLogging();
        Assert.Contains("ILoggerFactory", Assert.Throws<InvalidOperationException>(() => builder.Build()).Message, StringComparison.Ordinal);
        Assert.Same(inner, inner.AsBuilder().UseLogging(NullLoggerFactory.Instance).Build());
    }

    private sealed class Provider(ILogger log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void Dispose()
        {
        }
    }
}
