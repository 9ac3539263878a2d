namespace Glovebox.Tests.Contract.Middleware;

public sealed class ApprovalTests
{
    private static readonly CodeBlock One = new("python", "1");
    private static readonly CodeBlock Two = new("sh", "2");
    private static readonly CodeBlock Three = new("sh", "3");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_block_is_asked_for_when_its_turn_has_come()
    {
        ScriptedExecutor inner = new();
        List<string> asked = [];
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(block =>
        {
            asked.Add($"{block.Code} after [{string.Join(", ", inner.Calls.Where(c => c != "end"))}]");
            return ApprovalDecision.Approve();
        }).Build();
        CodeResult result = await executor.ExecuteCodeBlocksAsync([One, Two, Three], Ct);
        Assert.Equal(["1 after []", "2 after [run 1]", "3 after [run 1, run 2]"], asked);
        Assert.Equal("123", result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task A_denied_block_ends_the_run_and_never_reaches_the_executor()
    {
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder()
            .UseApproval((context, _) => ValueTask.FromResult(context.Block == Two ? ApprovalDecision.Deny("It is two.") : ApprovalDecision.Approve()))
            .Build();
        CodeResult result = await executor.ExecuteCodeBlocksAsync([One, Two, Three], Ct);
        Assert.Equal([One], inner.Received);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("1Code execution was not approved. Reason: It is two.\n", result.Output);
        Assert.Equal("Code execution was not approved. Reason: It is two.\n", result.StandardError);
        Assert.Equal([TerminationReason.Exited, TerminationReason.Denied], result.Blocks.Select(b => b.Termination));
        Assert.Equal(Two, result.Blocks[1].Block);
        Assert.Contains("not approved; the code was not run", result.FormatForModel(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Updates_have_the_place_of_their_block_and_the_text_of_its_output()
    {
        await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder()
            .UseApproval(block => block == Three ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve()).Build();
        Running running = new(executor.ExecuteCodeBlocksStreamingAsync([One, Two, Three], Ct));
        CodeResult result = await running.Completion;
        Assert.Equal([0, 0, 0, 1, 1, 1, 2, 2, 2], running.Updates.Select(u => u.BlockIndex));
        Assert.Equal([One, Two, Three], running.Updates.OfType<BlockStartedUpdate>().Select(u => u.Block));
        Assert.Equal(result.Blocks.Select(b => b.Output), running.Updates.OfType<OutputReceivedUpdate>().Select(u => u.Text));
    }

    [Fact]
    public async Task A_denial_without_a_reason_says_so()
    {
        await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder().UseApproval(_ => ApprovalDecision.Deny(" ")).Build();
        Assert.Equal(
            "Code execution was not approved. Reason: No reason was given.\n", (await executor.ExecuteCodeBlocksAsync([One], Ct)).Output);
    }

    [Fact]
    public async Task A_block_that_fails_ends_the_run_and_no_further_one_is_asked_for()
    {
        List<CodeBlock> asked = [];
        await using ICodeExecutor executor = new ScriptedExecutor { Run = block => ScriptedExecutor.Result(block, 3, "failed") }.AsBuilder()
            .UseApproval(block =>
            {
                asked.Add(block);
                return ApprovalDecision.Approve();
            }).Build();
        Assert.Equal(3, (await executor.ExecuteCodeBlocksAsync([One, Two], Ct)).ExitCode);
        Assert.Equal([One], asked);
    }

    [Fact]
    public async Task The_context_shows_the_block_its_place_and_all_blocks()
    {
        List<ApprovalContext> asked = [];
        await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder()
            .UseApproval((ApprovalContext context, CancellationToken _) =>
            {
                asked.Add(context);
                return ValueTask.FromResult(ApprovalDecision.Approve());
            }).Build();
        await executor.ExecuteCodeBlocksAsync([One, Two], Ct);
        Assert.Equal([0, 1], asked.Select(c => c.BlockIndex));
        Assert.Equal([One, Two], asked.Select(c => c.Block));
        Assert.All(asked, c => Assert.Equal([One, Two], c.Blocks));
    }

    [Fact]
    public async Task What_runs_is_what_was_approved_even_when_the_list_changes_meanwhile()
    {
        ScriptedExecutor inner = new();
        CodeBlock[] blocks = [One];
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(_ =>
        {
            blocks[0] = Two;
            return ApprovalDecision.Approve();
        }).Build();
        await executor.ExecuteCodeBlocksAsync(blocks, Ct);
        Assert.Equal([One], inner.Received);
    }

    [Fact]
    public async Task The_executor_says_what_a_denied_language_is_called()
    {
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor().AsBuilder().UseApproval(_ => ApprovalDecision.Deny("no")).Build();
        await executor.StartAsync(Ct);
        Assert.Equal("python", (await executor.ExecuteCodeBlocksAsync([new("PY", "")], Ct)).Blocks[0].Language);
        Assert.Equal("Elvish", (await executor.ExecuteCodeBlocksAsync([new("Elvish", "")], Ct)).Blocks[0].Language);
    }

    [Fact]
    public async Task A_denied_block_leaves_no_trace_in_a_real_work_directory()
    {
        using TestFolder folder = new();
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor(new() { WorkDir = folder.Path, DeleteTempFiles = true }).AsBuilder()
            .UseApproval(block => block.Code.Contains("second", StringComparison.Ordinal) ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve())
            .Build();
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new("sh", "echo x > first"), new("sh", "# filename: second.sh\necho x > second"), new("sh", "echo x > third")], Ct);
        Assert.Equal(TerminationReason.Denied, result.Blocks[^1].Termination);
        Assert.Equal(["first"], folder.Entries());
    }
}
