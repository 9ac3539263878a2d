using System.Text;
using Glovebox.Sandboxes;
using Glovebox.Tests.Common.Fakes;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Contract.Executors;

/// <summary>What real sandboxes do rarely, and never when a test wants it.</summary>
public sealed class FaultTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly FakeSandboxProvider _provider = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly CommandLineCodeExecutor _executor;

    public FaultTests() => _executor = new(
        _provider,
        new() { Timeout = Limit, DeleteTempFiles = true, Languages = [new("odd", ".odd", ["odd"], [])] },
        timeProvider: _clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private FakeSandbox Sandbox => _provider.Started[^1];

    public ValueTask DisposeAsync() => _executor.DisposeAsync();

    [Fact]
    public async Task A_sandbox_that_ends_under_a_block_is_a_result_and_the_next_block_has_a_fresh_one_with_the_same_files()
    {
        Running running = await BeginAsync(p =>
        {
            p.Files.Put("kept", "kept");
            p.Print("so far");
            p.Sandbox.Lose();
            return p.SleepAsync();
        });
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.Equal((137, TerminationReason.SandboxLost), (block.ExitCode, block.Termination));
        Assert.Equal("so far\nThe fake was lost.\n", block.Output);
        Assert.Equal("kept", await BashAsync("cat kept"));
        Assert.Equal(2, _provider.Started.Count);
        Assert.True(_provider.Started[0].IsDisposed);
    }

    [Fact]
    public async Task A_sandbox_that_fails_under_a_block_is_an_error_of_the_call_and_keeps_its_type()
    {
        Running running = await BeginAsync(p =>
        {
            p.Sandbox.Lose();
            return p.SleepAsync();
        });
        await running.Completion;
        _provider.Programs["odd"] = p => throw new SandboxLostException("It broke.", "Mend it.");
        SandboxLostException e = await Assert.ThrowsAsync<SandboxLostException>(OddAsync);
        Assert.Equal(("It broke.", "Mend it."), (e.Message, e.Hint));
        Assert.Equal("on\n", await BashAsync("echo on"));
    }

    [Fact]
    public async Task A_sandbox_that_cannot_be_started_again_is_an_error_until_it_can()
    {
        Running running = await BeginAsync(p =>
        {
            p.Sandbox.Lose();
            return p.SleepAsync();
        });
        await running.Completion;
        _provider.Starting = _ => throw new SandboxUnavailableException("full", "No room.");
        Assert.Equal("full", (await Assert.ThrowsAsync<SandboxUnavailableException>(() => BashAsync("echo on"))).Code);
        Assert.Equal("full", (await Assert.ThrowsAsync<SandboxUnavailableException>(() => _executor.Workspace.ListAsync(Ct))).Code);
        _provider.Starting = _ => Task.CompletedTask;
        Assert.Equal("on\n", await BashAsync("echo on"));
    }

    [Fact]
    public async Task A_program_that_has_ended_before_its_start_is_told_has_printed_all()
    {
        Running running = await BeginAsync(FakeProcess.Prints("all of it\n"));
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.Equal((0, "all of it\n"), (block.ExitCode, block.Output));
    }

    [Fact]
    public async Task What_is_printed_after_the_end_reaches_neither_its_block_nor_the_next()
    {
        FakeProcess? late = null;
        Running running = await BeginAsync(p =>
        {
            late = p;
            p.Print("early\n");
            return Task.FromResult(0);
        });
        CodeResult result = await running.Completion;
        late!.Print("late\n");
        Assert.Equal("early\n", result.Output);
        _provider.Programs["odd"] = p =>
        {
            late.Print("late\n");
            p.Print("next\n");
            return Task.FromResult(0);
        };
        Assert.Equal("next\n", (await OddAsync()).Output);
        Assert.DoesNotContain(running.Updates.OfType<OutputReceivedUpdate>(), u => u.Text.Contains("late", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Half_a_character_at_the_end_is_replaced()
    {
        Running running = await BeginAsync(p =>
        {
            p.Print(OutputStream.StandardOutput, Encoding.UTF8.GetBytes("€")[..2]);
            return Task.FromResult(0);
        });
        Assert.Equal("\uFFFD", (await running.Completion).Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_kill_that_is_never_answered_ends_the_sandbox(bool isCancelled)
    {
        using CancellationTokenSource cancellation = new();
        Running running = await BeginAsync(
            async p =>
            {
                p.Print("ready\n");
                await new TaskCompletionSource().Task;
                return 0;
            },
            cancellation.Token);
        await running.PrintsAsync("ready\n");
        if (isCancelled)
        {
            await cancellation.CancelAsync();
        }

        await Eventually.HoldsAsync(
            () =>
            {
                _clock.Advance(Limit);
                return running.Completion.IsCompleted;
            },
            "the block ends");
        if (isCancelled)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        }
        else
        {
            Assert.Equal((124, TerminationReason.TimedOut), ((await running.Completion).ExitCode, (await running.Completion).Blocks[0].Termination));
        }

        Assert.True(Sandbox.IsDisposed);
        Assert.Equal("on\n", await BashAsync("echo on"));
    }

    [Fact]
    public async Task A_program_that_ends_by_itself_at_its_deadline_has_not_timed_out()
    {
        Running running = await BeginAsync(async p =>
        {
            p.Print("ready\n");
            await Task.WhenAny(p.SleepAsync());
            return 3;
        });
        await running.PrintsAsync("ready\n");
        _clock.Advance(Limit);
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.Equal((3, TerminationReason.Exited), (block.ExitCode, block.Termination));
    }

    [Fact]
    public async Task A_sandbox_that_is_lost_to_the_deadline_is_a_timeout()
    {
        Running running = await BeginAsync(async p =>
        {
            p.Print("ready\n");
            await Task.WhenAny(p.SleepAsync());
            p.Sandbox.Lose();
            return 0;
        });
        await running.PrintsAsync("ready\n");
        _clock.Advance(Limit);
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        Assert.Equal("on\n", await BashAsync("echo on"));
    }

    [Fact]
    public async Task A_cancellation_while_the_program_is_being_started_runs_nothing()
    {
        await _executor.StartAsync(Ct);
        TaskCompletionSource asked = new();
        _provider.StartingProcess = async (_, cancellationToken) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        using CancellationTokenSource cancellation = new();
        Running running = new(_executor.ExecuteCodeBlocksStreamingAsync([new("bash", "touch never")], cancellation.Token));
        await asked.Task;
        await cancellation.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        Assert.Equal(cancellation.Token, e.CancellationToken);
        Assert.Empty(Sandbox.Memory.Names);
    }

    [Fact]
    public async Task Memory_that_runs_out_is_a_result()
    {
        Running running = await BeginAsync(p =>
        {
            p.End(new(ProcessExitKind.OutOfMemory, 137, "Out of memory: the limit is 16 MiB."));
            return p.SleepAsync();
        });
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.Equal((137, TerminationReason.OutOfMemory), (block.ExitCode, block.Termination));
        Assert.Equal("Out of memory: the limit is 16 MiB.\n", block.StandardError);
    }

    [Fact]
    public async Task Code_that_cannot_be_saved_is_a_result_and_does_not_run()
    {
        await _executor.StartAsync(Ct);
        Fail("The disk is full.", use => use == "write");
        Assert.Equal((1, "The disk is full.\n", TerminationReason.NotStarted), Outcome(await RunAsync("bash", "touch never")));
        Sandbox.Memory.Using = (_, _) => { };

        // A sandbox that saves the code with the start of the program says it at the end.
        _provider.Programs["odd"] = p => throw new WorkspaceException("It is a folder.");
        Assert.Equal((1, "It is a folder.\n", TerminationReason.NotStarted), Outcome(await OddAsync()));
        Assert.DoesNotContain("never", Sandbox.Memory.Names);

        static (int ExitCode, string Output, TerminationReason Termination) Outcome(CodeResult result) =>
            (result.ExitCode, result.Output, result.Blocks[0].Termination);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_list_of_files_that_fails_is_an_error_and_the_next_execution_works(int failing)
    {
        await _executor.StartAsync(Ct);
        int looks = 0;
        Fail("Unreadable.", use => use == "list" && ++looks == failing);
        Assert.Equal("Unreadable.", (await Assert.ThrowsAsync<WorkspaceException>(() => BashAsync("echo x"))).Message);
        Assert.Empty(Sandbox.Running);
        Assert.Equal("on\n", await BashAsync("echo on"));
    }

    [Fact]
    public async Task A_list_that_comes_with_the_end_of_the_program_is_used()
    {
        await _executor.StartAsync(Ct);
        Sandbox.ReportsFiles = true;
        Assert.Equal(["made"], (await RunAsync("bash", "touch made")).OutputFiles.Select(f => f.Path));
        Assert.Empty((await RunAsync("bash", "true")).OutputFiles);
    }

    [Fact]
    public async Task Temporary_code_that_cannot_be_deleted_costs_no_result()
    {
        await _executor.StartAsync(Ct);
        Fail("Busy.", use => use == "delete");
        Assert.Equal("on\n", await BashAsync("echo on"));
    }

    [Fact]
    public async Task A_start_that_is_given_up_can_be_repeated()
    {
        using CancellationTokenSource cancellation = new();
        _provider.Starting = async cancellationToken =>
        {
            await cancellation.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _executor.StartAsync(cancellation.Token));
        _provider.Starting = _ => Task.CompletedTask;
        Assert.Equal("on\n", await BashAsync("echo on"));
    }

    private async Task<Running> BeginAsync(FakeProgram program, CancellationToken cancellationToken = default)
    {
        _provider.Programs["odd"] = program;
        await _executor.StartAsync(Ct);
        return new(_executor.ExecuteCodeBlocksStreamingAsync([new("odd", "x")], cancellationToken));
    }

    /// <summary>Lets uses of files by the host fail.</summary>
    private void Fail(string message, Func<string, bool> fails) => Sandbox.Memory.Using = (use, _) =>
    {
        if (fails(use))
        {
            throw new WorkspaceException(message);
        }
    };

    private Task<CodeResult> OddAsync() => RunAsync("odd", "x");

    private async Task<string> BashAsync(string code) => (await RunAsync("bash", code)).Output;

    private async Task<CodeResult> RunAsync(string language, string code)
    {
        await _executor.StartAsync(Ct);
        return await _executor.ExecuteCodeBlocksAsync([new(language, code)], Ct);
    }
}
