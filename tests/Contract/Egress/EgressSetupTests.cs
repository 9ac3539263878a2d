using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Contract.Egress;

/// <summary>Where a list is enforced, and what is no list.</summary>
public sealed class EgressSetupTests : IAsyncLifetime
{
    private readonly EgressLab _lab = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task A_sandbox_that_isolates_nothing_refuses_a_list()
    {
        LocalCommandLineCodeExecutorOptions options = new() { Policy = new() { Network = NetworkAccess.AllowList, AllowedDomains = ["good.test"] } };
        await Assert.ThrowsAsync<PolicyNotEnforceableException>(async () =>
        {
            await using LocalCommandLineCodeExecutor executor = new(options);
            await executor.StartAsync(Ct);
        });
    }

    [Fact]
    public async Task A_sandbox_without_a_guest_agent_refuses_a_list_and_leaves_nothing()
    {
        await using ICodeExecutor executor = ExecutorKind.BubblewrapPlain.Create(_lab.Setup("good.test@ private"));
        PolicyNotEnforceableException e = await Assert.ThrowsAsync<PolicyNotEnforceableException>(() => executor.StartAsync(Ct));
        Assert.Contains("guest agent", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guest_code_cannot_listen_where_the_proxy_does()
    {
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(_lab.Setup("good.test@ private"));
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new("python", "import socket\ntry:\n    socket.create_server(('127.0.0.1', 3128))\nexcept OSError as e:\n    print(e.strerror)")], Ct);
        Assert.Equal("Address already in use\n", result.Output.Replace(" (while attempting to bind on address ('127.0.0.1', 3128))", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("*.com")]
    [InlineData("a.*.test")]
    [InlineData("good.test:0")]
    [InlineData("good.test:99999")]
    [InlineData("http://good.test")]
    [InlineData("user@good.test")]
    [InlineData("127.1")]
    [InlineData("GET,FETCH good.test")]
    [InlineData("good.test/a/../b")]
    [InlineData("good.test secret")]
    [InlineData("")]
    public void A_rule_that_is_none_is_refused_when_it_is_set_and_named(string rule)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new ExecutionPolicy { AllowedDomains = ["good.test", rule] });
        Assert.Contains($"'{rule}'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("API_KEY", "sk-0123456789", "", "has no domain")]
    [InlineData("API KEY", "sk-0123456789", "api.test", "is no name")]
    [InlineData("API_KEY", "short", "api.test", "must be 8 to 8192")]
    [InlineData("API_KEY", "sk-0123456789\r\nX: y", "api.test", "must be 8 to 8192")]
    [InlineData("API_KEY", "sk-0123456789", "*", "is no name of a host")]
    [InlineData("API_KEY", "sk-0123456789", "api.test/path", "is no name of a host")]
    public void A_secret_that_is_wrong_is_refused_when_the_executor_is_made_and_its_value_is_not_told(
        string name, string value, string domain, string why)
    {
        BubblewrapCommandLineCodeExecutorOptions options = new() { Policy = new() { Network = NetworkAccess.AllowList, AllowedDomains = ["api.test"] } };
        options.Egress.Secrets.Add(new EgressSecret { Name = name, Value = value, Header = "X-Key: {value}", Domains = domain.Length == 0 ? [] : [domain] });
        ArgumentException e = Assert.Throws<ArgumentException>(() => new BubblewrapCommandLineCodeExecutor(options));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(value, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_who_reads_no_more_keeps_no_stop_waiting()
    {
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(_lab.Setup("good.test@ private"));
        await executor.StartAsync(Ct);
        CodeBlock block = new("python", """
            import concurrent.futures, socket
            def ask(i):
                s = socket.create_connection(('127.0.0.1', 3128))
                s.sendall(b'CONNECT evil.test:443 HTTP/1.1\r\n\r\n')
                return s.recv(100)
            with concurrent.futures.ThreadPoolExecutor(50) as pool:
                list(pool.map(ask, range(1000)))
            """);
        await using IAsyncEnumerator<CodeExecutionUpdate> updates = executor.ExecuteCodeBlocksStreamingAsync([block], Ct).GetAsyncEnumerator(Ct);
        while (await updates.MoveNextAsync() && updates.Current is not EgressUpdate)
        {
        }

        await executor.StopAsync(Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct);
    }

    [Fact]
    public async Task Names_are_looked_up_on_the_host_and_not_inside()
    {
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(_lab.Setup("good.test@ private"));
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new("python", "import socket\ntry:\n    print(socket.getaddrinfo('good.test', 80))\nexcept OSError as e:\n    print(type(e).__name__)")], Ct);
        Assert.Equal("gaierror\n", result.Output);
        Assert.Empty(_lab.Resolved);
    }

    [Fact]
    public async Task Living_interpreters_reach_what_is_allowed()
    {
        InterpreterCodeExecutorOptions options = new() { Policy = _lab.Policy("GET api.test@ private") };
        _lab.Configure(options.Egress);
        await using InterpreterCodeExecutor executor = new(options);
        await executor.StartAsync(Ct);
        foreach (CodeBlock block in (CodeBlock[])
            [
                new("python", $"import urllib.request\nprint(urllib.request.urlopen('{_lab.Https("api.test")}').read().decode())"),
                new("bash", $"python3 -c \"import urllib.request; print(urllib.request.urlopen('{_lab.Http("api.test")}').read().decode())\""),
            ])
        {
            CodeResult result = await executor.ExecuteCodeBlocksAsync([block], Ct);
            Assert.Equal("hello\n", result.Output);
        }
    }
}
