namespace Glovebox.Tests.Contract.Middleware;

/// <summary>What decides sees what a language is called and what runs it, never how the model spelled it.</summary>
public sealed class ApprovedLanguageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Spellings(string language) => language == "python"
        ? ["python", "py", "Python", "python3", "PYTHON3", "PY", " python", "python\t", "\u00a0py\n"]
        : ["bash", "Bash", "BASH", " bash "];

    [Theory]
    [MemberData(nameof(Spellings), "python")]
    public async Task A_rule_against_python_is_passed_by_no_spelling_of_it(string spelling)
    {
        CodeBlock block = new(spelling, "print('ran')");
        CodeResult denied = await RunAsync(c => c.Block.Language == "python", block);
        Assert.Equal(TerminationReason.Denied, Assert.Single(denied.Blocks).Termination);
        Assert.Equal("python", denied.Blocks[0].Language);

        // The canary: the same rule, by what the model wrote.
        Assert.Equal(spelling == "python" ? TerminationReason.Denied : TerminationReason.Exited, (await RunAsync(c => c.GivenLanguage == "python", block)).Blocks[0].Termination);
        Assert.Equal("ran\n", (await RunAsync(_ => false, block)).Output);
    }

    [Theory]
    [MemberData(nameof(Spellings), "bash")]
    public async Task A_rule_against_bash_is_passed_by_no_spelling_of_it(string spelling)
    {
        CodeBlock block = new(spelling, "echo ${BASH_VERSION:+bash}");
        Assert.Equal(TerminationReason.Denied, (await RunAsync(c => c.Language == "bash", block)).Blocks[0].Termination);
        Assert.Equal(spelling == "bash" ? "" : "bash\n", (await RunAsync(c => c.GivenLanguage == "bash", block)).StandardOutput);
    }

    [Fact]
    public async Task A_rule_against_bash_leaves_sh_alone()
    {
        Assert.Equal("x\n", (await RunAsync(c => c.Language == "bash", new("sh", "echo x"), new("Shell", "true"))).Output);
        Assert.Equal(TerminationReason.Denied, (await RunAsync(c => c.Language == "sh", new CodeBlock("Shell", "true"))).Blocks[0].Termination);
    }

    [Theory]
    [InlineData("p\u0443thon")]
    [InlineData("\uff50ython")]
    [InlineData("python\u200b")]
    [InlineData("ba\u017fh")]
    [InlineData("{python}")]
    [InlineData("python3.11")]
    [InlineData("PY3")]
    [InlineData("python\0")]
    [InlineData("")]
    public async Task A_language_that_only_looks_like_one_is_not_asked_for_and_reaches_no_executor(string name)
    {
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(_ => throw new InvalidOperationException("asked")).Build();
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new(name, "1"), new("python", "2")], Ct);
        BlockResult only = Assert.Single(result.Blocks);
        Assert.Equal((1, TerminationReason.NotStarted, name), (only.ExitCode, only.Termination, only.Language));
        Assert.StartsWith("unknown language ", only.Output, StringComparison.Ordinal);
        Assert.Empty(inner.Received);

        // The canary: an executor of somebody else's may run what we do not know.
        await inner.ExecuteCodeBlocksAsync([new(name, "1")], Ct);
        Assert.Single(inner.Received);
    }

    [Fact]
    public async Task A_rule_against_bash_is_not_passed_by_calling_it_sh()
    {
        CodeBlock block = new("sh", "#!/bin/bash\necho ${BASH_VERSION:+bash}");
        Assert.Equal(TerminationReason.Denied, (await RunAsync(c => c.Language == "bash", block)).Blocks[0].Termination);
        Assert.Equal("bash\n", (await RunAsync(c => c.Language == "sh", block)).Output);
    }

    [Fact]
    public async Task What_a_program_gets_is_shown_to_the_approval()
    {
        CodeExecutionOptions? seen = null;
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor().AsBuilder().UseApproval((context, _) =>
        {
            seen = context.Options;
            return new(ApprovalDecision.Approve());
        }).Build();
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new("bash", "echo $1 $A")], new() { Arguments = ["x"], Environment = new Dictionary<string, string> { ["A"] = "y" } }, Ct);
        Assert.Equal(("x y\n", "x", "y"), (result.Output, Assert.Single(seen!.Arguments), seen.Environment["A"]));
    }

    [Fact]
    public async Task A_block_that_is_skipped_is_not_asked_for()
    {
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor(new() { SkippedLanguages = ["json"] })
            .AsBuilder().UseApproval(_ => throw new InvalidOperationException("asked")).Build();
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("json", "{}"), new("xml", "<a/>")], Ct);
        Assert.Equal([TerminationReason.Skipped, TerminationReason.NotStarted], result.Blocks.Select(b => b.Termination));
    }

    [Fact]
    public async Task What_is_asked_for_is_what_runs_and_what_is_told_of()
    {
        ScriptedExecutor inner = new();
        List<ApprovalContext> asked = [];
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval((ApprovalContext context, CancellationToken _) =>
        {
            asked.Add(context);
            return ValueTask.FromResult(ApprovalDecision.Approve());
        }).Build();
        Running running = new(executor.ExecuteCodeBlocksStreamingAsync([new("PY", "1"), new(" Bash", "2"), new("js", "3")], Ct));
        await running.Completion;
        Assert.Equal([new("python", "1"), new("bash", "2"), new("javascript", "3")], inner.Received);
        Assert.Equal(inner.Received, asked.Select(c => c.Block));
        Assert.Equal(inner.Received, running.Updates.OfType<BlockStartedUpdate>().Select(u => u.Block));
        Assert.All(asked, c => Assert.Equal(inner.Received, c.Blocks));
        Assert.Equal(["PY", " Bash", "js"], asked.Select(c => c.GivenLanguage));
        Assert.Equal([["python3", "python"], ["bash"], ["node", "nodejs"]], asked.Select(c => c.Programs));
    }

    [Fact]
    public async Task Decorators_in_any_order_see_the_canonical_name()
    {
        using CollectingLogger log = new();
        List<string> asked = [];
        ApprovalDecision Ask(CodeBlock block)
        {
            asked.Add(block.Language);
            return ApprovalDecision.Approve();
        }

        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor().AsBuilder()
            .UseLogging(log).UseApproval(Ask).UseLogging(log).UseApproval(Ask).UseOpenTelemetry().Build();
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("Python3", "print(1)")], Ct);
        Assert.Equal("1\n", result.Output);
        Assert.Equal(["python", "python"], asked);
        Assert.Equal(new CodeBlock("python", "print(1)"), result.Blocks[0].Block);
        Assert.DoesNotContain(log.Entries, e => e.Message.Contains("Python3", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_language_that_takes_a_name_takes_what_it_was_called_besides()
    {
        // Approved as python, py must not run by another program than python does.
        CodeLanguage own = new("python", ".py", ["sh"], []);
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor(new() { Languages = [own] }).AsBuilder().UseApproval(
            (ApprovalContext c, CancellationToken _) => ValueTask.FromResult(c.Programs is ["sh"] ? ApprovalDecision.Approve() : ApprovalDecision.Deny("another"))).Build();
        await executor.StartAsync(Ct);
        Assert.Equal("sh\n", (await executor.ExecuteCodeBlocksAsync([new("PY", "echo sh")], Ct)).Output);
    }

    [Fact]
    public async Task An_executor_of_somebody_elses_says_which_languages_it_has()
    {
        ScriptedExecutor inner = new();
        inner.Services[typeof(LanguageRegistry)] = new LanguageRegistry([new("ruby", ".rb", ["ruby"], []) { Aliases = ["rb"] }]);
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(b => b.Language == "ruby" ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve()).Build();
        Assert.Equal(TerminationReason.Denied, (await executor.ExecuteCodeBlocksAsync([new("RB", "1")], Ct)).Blocks[0].Termination);
        Assert.Equal(0, (await executor.ExecuteCodeBlocksAsync([new("py", "1")], Ct)).ExitCode);
    }

    [Theory]
    [InlineData("# filename: other.sh\nimport sys; print(sys.version_info[0])", "python", "3\n")]
    [InlineData("#!/bin/sh\nimport sys; print(sys.version_info[0])", "python", "3\n")]
    [InlineData("#!/usr/bin/python3\n# filename: other.py\necho ${BASH_VERSION:+bash}", "bash", "bash\n")]
    [InlineData("# filename: other.py\necho ${BASH_VERSION:+bash}", "bash", "bash\n")]
    public async Task Neither_a_files_name_nor_its_first_line_changes_the_program(string code, string language, string output) =>
        Assert.Equal(output, (await RunAsync(_ => false, new CodeBlock(language, code))).Output);

    private static async Task<CodeResult> RunAsync(Func<ApprovalContext, bool> denies, params CodeBlock[] blocks)
    {
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor().AsBuilder().UseApproval(
            (ApprovalContext c, CancellationToken _) => ValueTask.FromResult(denies(c) ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve())).Build();
        await executor.StartAsync(Ct);
        return await executor.ExecuteCodeBlocksAsync(blocks, Ct);
    }
}
