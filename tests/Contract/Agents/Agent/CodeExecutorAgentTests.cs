using Glovebox.Tests.Common.Agents;
using Microsoft.Agents.AI;

namespace Glovebox.Tests.Contract.Agents.Agent;

/// <summary>An agent without a model: it runs what it is sent.</summary>
public sealed class CodeExecutorAgentTests
{
    private const string NoCode =
        "No code blocks found in the thread. Please provide at least one markdown-encoded code block to execute (i.e., quoting code in ```python or ```sh code blocks).";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_replies_with_the_output()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        CodeExecutorAgent agent = new(executor);
        AgentResponse response = await agent.RunAsync("Run:\n```python\nprint(6 * 7)\n```\nand\n```sh\necho two\n```", cancellationToken: Ct);
        ChatMessage reply = Assert.Single(response.Messages);
        Assert.Equal("42\ntwo\n", reply.Text);
        Assert.Equal((ChatRole.Assistant, "code_executor"), (reply.Role, reply.AuthorName));
        Assert.Equal(agent.Id, response.AgentId);
        Assert.Equal(0, Assert.IsType<CodeResult>(reply.Contents[0].RawRepresentation).ExitCode);
    }

    [Theory]
    [InlineData(
        "```python\nx = 1\n```",
        "The script ran but produced no output to console. The POSIX exit code was: 0. If you were expecting output, consider revising the script to ensure content is printed to stdout.")]
    [InlineData(
        "```sh\nexit 3\n```",
        "The script ran but produced no output to console. The POSIX exit code was: 3. If you were expecting output, consider revising the script to ensure content is printed to stdout.")]
    [InlineData("```sh\necho bad; exit 3\n```", "The script ran, then exited with an error (POSIX exit code: 3)\nIts output was:\nbad\n")]
    [InlineData("No code here.", NoCode)]
    [InlineData("```\nprint(1)\n```", NoCode)]
    [InlineData("```ruby\nputs 1\n```", NoCode)]
    public async Task It_says_what_happened_in_the_words_that_users_know(string message, string reply)
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        Assert.Equal(reply, (await new CodeExecutorAgent(executor).RunAsync(message, cancellationToken: Ct)).Text);
    }

    [Theory]
    [InlineData("py")]
    [InlineData("Python3")]
    [InlineData("shell")]
    [InlineData("bash")]
    [InlineData("{.python .numberLines}")]
    public async Task Aliases_are_the_language(string language)
    {
        FakeExecutor executor = new();
        Assert.Equal("ran\n", (await new CodeExecutorAgent(executor).RunAsync($"```{language}\r\nx\r\n```", cancellationToken: Ct)).Text);
    }

    [Fact]
    public async Task Only_supported_languages_run()
    {
        FakeExecutor executor = new();
        CodeExecutorAgent agent = new(executor, null, new() { SupportedLanguages = ["ps1"] });
        await agent.RunAsync("```python\n1\n```\n```powershell\n2\n```\n```bash\n3\n```", cancellationToken: Ct);
        Assert.Equal("pwsh", Assert.Single(executor.Blocks).Language);
    }

    [Fact]
    public async Task Only_messages_of_allowed_sources_run()
    {
        FakeExecutor executor = new(b => FakeExecutor.Printed(b, b.Code));
        CodeExecutorAgent agent = new(executor, null, new() { Sources = ["coder", "user"] });
        ChatMessage[] messages =
        [
            new(ChatRole.User, "```python\nuser\n```"),
            new(ChatRole.Assistant, "```python\ncoder\n```") { AuthorName = "coder" },
            new(ChatRole.Assistant, "```python\nstranger\n```") { AuthorName = "stranger" },
            new(ChatRole.Assistant, "```python\nnobody\n```"),
            new(ChatRole.User, "```python\nposing\n```") { AuthorName = "stranger" },
        ];
        Assert.Equal("user\ncoder\n", (await agent.RunAsync(messages, cancellationToken: Ct)).Text);
    }

    [Fact]
    public async Task Without_approval_nothing_runs_and_the_reply_gives_the_reason()
    {
        FakeExecutor executor = new();
        CodeApprovalRequest? asked = null;
        CodeExecutorAgent agent = new(executor, null, new CodeExecutorAgentOptions().UseApproval(r =>
        {
            asked = r;
            return ApprovalDecision.Deny("Too dangerous.");
        }));
        AgentResponse response = await agent.RunAsync("```python\nprint(1)\n```\n```sh\nls\n```", cancellationToken: Ct);
        Assert.Equal("Code execution was not approved. Reason: Too dangerous.", response.Text);
        Assert.Empty(executor.Blocks);
        Assert.Equal([new CodeBlock("python", "print(1)\n"), new CodeBlock("sh", "ls\n")], asked!.Blocks);
        Assert.StartsWith("```python", Assert.Single(asked.Messages).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("py", "python")]
    [InlineData("Python3", "python")]
    [InlineData("PYTHON", "python")]
    [InlineData("{.python .numberLines}", "python")]
    [InlineData("Bash", "bash")]
    [InlineData("shell", "sh")]
    public async Task A_rule_sees_what_a_language_is_called_however_the_message_spells_it(string spelling, string name)
    {
        FakeExecutor executor = new();
        CodeApprovalRequest? asked = null;
        CodeExecutorAgent Agent(Func<CodeBlock, bool> denies) => new(executor, null, new CodeExecutorAgentOptions().UseApproval(r =>
        {
            asked = r;
            return r.Blocks.Any(denies) ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve();
        }));
        await Agent(b => b.Language == name).RunAsync($"```{spelling}\nx\n```", cancellationToken: Ct);
        Assert.Empty(executor.Blocks);
        Assert.Equal(name == "python" ? ["python3", "python"] : [name], Assert.Single(asked!.Programs));

        // The canary: by the spelling, the same rule is passed.
        await Agent(b => b.Language == spelling).RunAsync($"```{spelling}\nx\n```", cancellationToken: Ct);
        Assert.Equal([new CodeBlock(name, "x\n")], executor.Blocks);
    }

    [Fact]
    public async Task With_approval_it_runs_and_the_approval_may_take_its_time()
    {
        FakeExecutor executor = new();
        TaskCompletionSource<ApprovalDecision> decision = new();
        CodeExecutorAgent agent = new(executor, null, new() { Approval = async (_, ct) => await decision.Task.WaitAsync(ct) });
        Task<AgentResponse> running = agent.RunAsync("```python\nprint(1)\n```", cancellationToken: Ct);
        Assert.Empty(executor.Blocks);
        decision.SetResult(ApprovalDecision.Approve());
        Assert.Equal("ran\n", (await running).Text);
    }

    [Fact]
    public async Task Cancellation_does_not_wait_for_an_approval_that_heeds_no_token()
    {
        FakeExecutor executor = new();
        TaskCompletionSource<ApprovalDecision> never = new();
        CodeExecutorAgent agent = new(executor, null, new() { Approval = (_, _) => new(never.Task) });
        using CancellationTokenSource cancellation = new();
        Task<AgentResponse> running = agent.RunAsync("```python\nprint(1)\n```", cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(executor.Blocks);
    }

    [Fact]
    public async Task An_executor_that_asks_for_approval_itself_is_not_said_to_have_run()
    {
        await using ICodeExecutor executor = new FakeExecutor().AsBuilder().UseApproval((CodeBlock _) => ApprovalDecision.Deny("No.")).Build();
        Assert.Equal(
            "Code execution was not approved. Reason: No.", (await new CodeExecutorAgent(executor).RunAsync("```python\n1\n```", cancellationToken: Ct)).Text);
    }

    [Fact]
    public async Task A_stream_shows_the_run_as_it_happens_and_folds_to_the_same_reply()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        CodeExecutorAgent agent = new(executor);
        const string Message = "```python\nprint('one')\n```\n```sh\necho two\n```";
        List<AgentResponseUpdate> updates = [];
        await foreach (AgentResponseUpdate update in agent.RunStreamingAsync(Message, cancellationToken: Ct))
        {
            updates.Add(update);
        }

        CodeExecutionUpdate[] happened = [.. updates.Select(u => u.RawRepresentation).OfType<CodeExecutionUpdate>()];
        Assert.Equal(
            [typeof(BlockStartedUpdate), typeof(OutputReceivedUpdate), typeof(BlockCompletedUpdate)],
            happened.Where(u => u.BlockIndex == 0).Select(u => u.GetType()).Distinct());
        Assert.Equal("two\n", string.Concat(happened.OfType<OutputReceivedUpdate>().Where(u => u.BlockIndex == 1).Select(u => u.Text)));
        AgentResponse whole = await agent.RunAsync(Message, cancellationToken: Ct);
        ChatMessage folded = Assert.Single(updates.ToAgentResponse().Messages);
        Assert.Equal(Assert.Single(whole.Messages).Text, folded.Text);
        Assert.Equal(whole.Messages[0].Contents.Count, folded.Contents.Count);
    }

    [Fact]
    public async Task Pictures_and_files_come_with_the_reply()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        AgentResponse response = await new CodeExecutorAgent(executor).RunAsync($"```python\n{Pixel.Save("plot.png")}\nprint('saved')\n```", cancellationToken: Ct);
        Assert.Equal("saved\n", response.Text);
        Assert.Equal("plot.png", Assert.Single(response.Messages[0].Contents.OfType<DataContent>()).Name);
    }

    [Fact]
    public async Task A_reply_is_bounded_and_says_what_is_not_with_it()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        CodeExecutorAgent agent = new(executor, chatClient: null, new CodeExecutorAgentOptions { MaxTextLength = 1000 });
        AgentResponse response = await agent.RunAsync(
            "```python\nopen('cut.png', 'wb').write(b'\\x89PNG')\nprint('10%\\r\\x1b[32m' + 'x' * 5000)\nraise SystemExit(1)\n```", cancellationToken: Ct);
        Assert.InRange(response.Text.Length, 990, 1000);
        Assert.StartsWith("The script ran, then exited with an error (POSIX exit code: 1)\nIts output was:\nxxx", response.Text, StringComparison.Ordinal);
        Assert.EndsWith("xxx\nNot attached, because the picture is broken or incomplete: cut.png.", response.Text, StringComparison.Ordinal);
        Assert.Single(response.Messages[0].Contents);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancellation_kills_the_code(bool streaming)
    {
        await using ICodeExecutor executor = await AgentSandboxes.StartAsync();
        CodeExecutorAgent agent = new(executor);
        string marker = HostProcesses.NewMarker();
        string message = $"```bash\nexec -a {marker} sleep 600\n```";
        using CancellationTokenSource cancellation = new();
        Task<AgentResponse> running = streaming
            ? agent.RunStreamingAsync(message, cancellationToken: cancellation.Token).ToAgentResponseAsync(cancellation.Token)
            : agent.RunAsync(message, cancellationToken: cancellation.Token);
        await HostProcesses.AppearsAsync(marker);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task Ten_sessions_at_once_do_not_see_each_others_files()
    {
        await using CodeSessionPool pool = new(AgentSandboxes.Create);
        CodeExecutorAgent agent = new(pool, null, null);
        string[] seen = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            AgentSession session = await agent.CreateSessionAsync(Ct);
            await agent.RunAsync($"```sh\ntouch mine-{i}\n```", session, cancellationToken: Ct);
            return (await agent.RunAsync("```sh\nls mine-*\n```", session, cancellationToken: Ct)).Text;
        }));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"mine-{i}\n"), seen);
    }

    [Fact]
    public async Task A_session_of_another_agent_is_refused()
    {
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => new CodeExecutorAgent(new FakeExecutor()).RunAsync("x", new Stranger(), cancellationToken: Ct));
        Assert.Contains("CreateSessionAsync", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_at_once()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeExecutorAgentOptions { MaxRetriesOnError = -1 });
        Assert.Throws<ArgumentException>(() => new CodeExecutorAgentOptions { Name = " " });
        Assert.Throws<ArgumentException>(() => new CodeExecutorAgent(new FakeExecutor(), null, new() { SupportedLanguages = [] }));
    }

    private sealed class Stranger : AgentSession;
}
