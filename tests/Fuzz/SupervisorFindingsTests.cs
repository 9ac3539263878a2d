using System.Text;
using Glovebox.Execution;
using Glovebox.Interpreters;
using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>What the fuzzer of the supervisor and the reading of its frames have found, each as one test.</summary>
public sealed class SupervisorFindingsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task An_end_that_undoes_more_blocks_than_there_are_undoes_all()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(supervisor.Contexts[0], new OutputCollector(1 << 20, 0));
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Ended, 1, """{"code":137,"block":true,"clean":true,"undone":2147483647}"""));
        Assert.Equal(1, (await running).Undone);
        Assert.Equal(0, supervisor.Contexts[0].Blocks);
    }

    [Fact(Timeout = 60_000)]
    public async Task Empty_output_between_blocks_is_not_kept()
    {
        const int Count = 2_000_000;
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        LiveContext context = supervisor.Contexts[0];
        ReceivedFrame empty = new(InterpreterFrame.StandardOutput, 1, default);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int n = 0; n < Count; n++)
        {
            context.Handle(empty);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < Count, $"{allocated} bytes are kept.");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_form_with_a_name_that_no_text_can_have_is_shown_and_ends_nothing()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        OutputCollector output = new(1 << 20, 0);
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(supervisor.Contexts[0], output);
        byte[] notText = [.. "{\"data\":{\"a"u8, 0xF8, .. "\":\"x\",\"\\ud800\":1,\"text/plain\":\"shown\"}}"u8];
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Show, 1, notText));
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Done, 1, """{"number":1,"code":0}"""));
        Assert.Equal(ContextEndKind.Done, (await running).Kind);
        output.Complete(null);
        Assert.Equal("shown\n", output.StandardOutput);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_form_with_a_long_name_that_no_text_can_have_is_shown_and_ends_nothing()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        OutputCollector output = new(1 << 20, 0);
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(supervisor.Contexts[0], output);
        supervisor.Feed(SupervisorFrames.Of(
            InterpreterFrame.Show, 1, """{"data":{"text/plain":"no","text/plain":"shown","\ud800\ud800\ud800":"x"}}"""));
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Done, 1, """{"number":1,"code":0}"""));
        Assert.Equal(ContextEndKind.Done, (await running).Kind);
        output.Complete(null);
        Assert.Equal("shown\n", output.StandardOutput);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_asked_for_when_the_connection_has_ended_fails_as_lost()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        await supervisor.Host.KillAsync();
        await Assert.ThrowsAsync<SandboxLostException>(() => supervisor.Host.RollBackAsync(supervisor.Contexts[0], 1, Cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_long_name_of_a_display_is_not_kept()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(supervisor.Contexts[0], new OutputCollector(1 << 20, 0));
        supervisor.Feed(SupervisorFrames.Of(
            InterpreterFrame.Show, 1, $$$"""{"data":{"text/plain":"x"},"id":"{{{new string('n', 1 << 20)}}}"}"""));
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Done, 1, """{"number":1,"code":0}"""));
        await running;
        Assert.Empty(supervisor.Contexts[0].DisplayNames);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_process_that_is_none_is_not_listed_and_a_long_command_is_cut()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        Task<IReadOnlyList<ProcessNews>> listing = supervisor.Host.ProcessesAsync(supervisor.Contexts[0], Cancellation);
        supervisor.Feed(SupervisorFrames.Of(
            InterpreterFrame.Reply, 1, $$"""{"request":3,"processes":[null,{"pid":1,"command":"{{new string('x', 1 << 20)}}"}]}"""));
        Assert.Equal(4 << 10, Assert.Single(await listing).Command!.Length);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_report_of_tens_of_megabytes_ends_the_connection_before_it_is_parsed()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(supervisor.Contexts[0], new OutputCollector(1 << 20, 0));
        StringBuilder words = new("""{"number":1,"code":0,"lost":[""");
        words.Insert(words.Length, "\"\",", 10 << 20).Append("\"\"]}");
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Done, 1, words.ToString()));
        Assert.Equal(ContextEndKind.Lost, (await running.WaitAsync(Cancellation)).Kind);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_frame_that_is_longer_than_any_ends_the_connection_before_it_has_come()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(supervisor.Contexts[0], new OutputCollector(1 << 20, 0));
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Show, 1, [], InterpreterChannel.MaxFrame + 1));
        Assert.Equal(ContextEndKind.Lost, (await running.WaitAsync(Cancellation)).Kind);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_display_of_which_only_the_length_is_told_is_left_out()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        OutputCollector output = new(1 << 20, 0);
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(supervisor.Contexts[0], output);
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Dropped, 1, """{"bytes":68157440}"""));
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Dropped, 1, """{"bytes":-1}"""));
        supervisor.Feed(SupervisorFrames.Of(InterpreterFrame.Done, 1, """{"number":1,"code":0}"""));
        Assert.Equal(ContextEndKind.Done, (await running).Kind);
        output.Complete(null);
        Assert.Equal(
            "[... a message of 68157440 bytes dropped ...]\n[... a message of 0 bytes dropped ...]\n", output.StandardError);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_error_repeats_only_the_beginning_of_a_long_reason()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        Task rolling = supervisor.Host.RollBackAsync(supervisor.Contexts[0], 1, Cancellation);
        supervisor.Feed(SupervisorFrames.Of(
            InterpreterFrame.Reply, 1, $$"""{"request":3,"error":"{{new string('x', 1 << 20)}}"}"""));
        CodeExecutionException error = await Assert.ThrowsAnyAsync<CodeExecutionException>(() => rolling);
        Assert.InRange(error.Message.Length, 0, 5000);
    }
}
