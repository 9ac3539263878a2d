using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>What is particular to a server that someone else started.</summary>
public sealed class UrlTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_older_protocol_of_messages_works_too()
    {
        await using JupyterServer server = await JupyterServer.StartAsync("--ServerApp.kernel_ws_protocol=");
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = JupyterServer.Token });
        await executor.StartAsync(Cancellation);
        await executor.PythonAsync("a = 'zażółć 😀'");
        Assert.Equal("zażółć 😀\n", (await executor.PythonAsync("print(a)")).Output);
        CodeResult result = await executor.PythonAsync("from IPython.display import HTML\nprint(1)\nHTML('<b>ü</b>')");
        Assert.Equal("<b>ü</b>", System.Text.Encoding.UTF8.GetString(Assert.Single(result.Blocks[0].Displays).Data["text/html"].Span));
        Assert.Equal(1, (await executor.PythonAsync("1 / 0")).ExitCode);
    }

    [Fact]
    public async Task The_token_may_be_in_the_address()
    {
        await using JupyterServer server = await JupyterServer.StartAsync();
        await using JupyterCodeExecutor executor = new(new() { Url = new Uri(server.Url, $"?token={JupyterServer.Token}") });
        await executor.StartAsync(Cancellation);
        Assert.Equal("1\n", (await executor.PythonAsync("print(1)")).Output);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData(null)]
    public async Task A_wrong_token_is_an_error_that_says_so(string? token)
    {
        await using JupyterServer server = await JupyterServer.StartAsync();
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = token });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal("jupyter-token-refused", e.Code);
        Assert.Equal($"The Jupyter server at {server.Url} refused the token (403).", e.Message);
    }

    [Fact]
    public async Task A_missing_kernel_is_an_error_that_names_those_that_are_there()
    {
        await using JupyterServer server = await JupyterServer.StartAsync();
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = JupyterServer.Token, KernelName = "ir" });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal("jupyter-kernel-missing", e.Code);
        Assert.EndsWith("has no kernel 'ir'. It has: python3.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_kernel_runs_the_blocks_of_the_language_that_its_spec_names()
    {
        TestFolder folder = new();
        string kernel = Directory.CreateDirectory(folder[".local/share/jupyter/kernels/shouter"]).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(kernel, "kernel.py"),
            """
            from ipykernel.kernelapp import IPKernelApp
            from ipykernel.kernelbase import Kernel

            class Shouter(Kernel):
                implementation = language = 'shout'
                implementation_version = language_version = '1'
                banner = ''
                language_info = {'name': 'shout', 'mimetype': 'text/plain', 'file_extension': '.txt'}

                def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False):
                    if not silent:
                        self.send_response(self.iopub_socket, 'stream', {'name': 'stdout', 'text': code.upper()})
                    return {'status': 'ok', 'execution_count': self.execution_count, 'payload': [], 'user_expressions': {}}

            IPKernelApp.launch_instance(kernel_class=Shouter)
            """,
            Cancellation);
        await File.WriteAllTextAsync(
            Path.Combine(kernel, "kernel.json"),
            $$"""{"argv": ["/usr/bin/python3", "{{kernel}}/kernel.py", "-f", "{connection_file}"], "display_name": "Shouter", "language": "shout"}""",
            Cancellation);
        await using JupyterServer server = await JupyterServer.StartAsync(JupyterServer.FreePort(), folder);
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = JupyterServer.Token, KernelName = "shouter" });
        await executor.StartAsync(Cancellation);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("shout", "louder")], Cancellation);
        Assert.Equal((0, "LOUDER"), (result.ExitCode, result.Output));
        Assert.Equal("shout", result.Blocks[0].Language);
        Assert.Equal(TerminationReason.NotStarted, (await executor.PythonAsync("print(1)")).Blocks[0].Termination);
    }

    [Fact]
    public async Task A_kernel_that_never_answers_is_replaced_by_another()
    {
        TestFolder folder = new();
        string kernel = Directory.CreateDirectory(folder[".local/share/jupyter/kernels/second"]).FullName;
        string start = $"if mkdir '{kernel}/tried'; then exec sleep 600; else exec /usr/bin/python3 -m ipykernel -f \\\"$0\\\"; fi";
        string spec = $$"""
            {"argv": ["/bin/sh", "-c", "{{start}}", "{connection_file}"], "display_name": "Second", "language": "python"}
            """;
        await File.WriteAllTextAsync(Path.Combine(kernel, "kernel.json"), spec, Cancellation);
        await using JupyterServer server = await JupyterServer.StartAsync(JupyterServer.FreePort(), folder);
        JupyterCodeExecutorOptions options = new() { Url = server.Url, Token = JupyterServer.Token, KernelName = "second" };
        await using JupyterCodeExecutor executor = new(options, timeProvider: new QuickClock());
        await executor.StartAsync(Cancellation);
        Assert.Equal("2\n", (await executor.PythonAsync("print(1 + 1)")).Output);
        Assert.True(Directory.Exists(Path.Combine(kernel, "tried")));
    }

    [Fact]
    public async Task Where_nothing_listens_the_error_says_so()
    {
        Uri url = new($"http://127.0.0.1:{JupyterServer.FreePort()}/");
        await using JupyterCodeExecutor executor = new(new() { Url = url, Token = "t" });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal("jupyter-unreachable", e.Code);
        Assert.StartsWith($"No Jupyter server answers at {url}: ", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    public async Task What_is_no_Jupyter_server_is_an_error_that_says_so(string answer)
    {
        await using AnyServer server = new(answer);
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = "t" });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal("jupyter-not-a-server", e.Code);
        Assert.StartsWith($"What answers at {server.Url} is not a Jupyter Server or Kernel Gateway: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("t\r", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_dies_while_code_runs_is_a_typed_error_and_one_that_comes_back_is_used_again()
    {
        using TestFolder folder = new();
        JupyterServer server = await JupyterServer.StartAsync(JupyterServer.FreePort(), folder);
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = JupyterServer.Token });
        await executor.StartAsync(Cancellation);
        await executor.PythonAsync("lost = 1");
        Running running = executor.Begin("import time\nprint('on', flush=True)\ntime.sleep(600)");
        await running.PrintsAsync("on");
        await server.KillAsync();
        SandboxLostException lost = await Assert.ThrowsAsync<SandboxLostException>(() => running.Completion);
        Assert.Equal($"The Jupyter server at {server.Url} has gone.", lost.Message);

        SandboxUnavailableException gone = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.PythonAsync("1"));
        Assert.Equal("jupyter-unreachable", gone.Code);
        await server.DisposeAsync();

        await using JupyterServer again = await JupyterServer.StartAsync(server.Url.Port, new TestFolder());
        Assert.Equal(
            "The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n",
            (await executor.PythonAsync("print('lost' in globals())")).Output);
    }

    [Fact]
    public async Task A_connection_that_is_cut_is_made_again_and_the_state_is_kept()
    {
        await using JupyterServer server = await JupyterServer.StartAsync();
        await using Forwarder way = new(server.Url.Port);
        await using JupyterCodeExecutor executor = new(new() { Url = way.Url, Token = JupyterServer.Token });
        await executor.StartAsync(Cancellation);
        await executor.PythonAsync("kept = 1");
        Running running = executor.Begin("import time\nprint('on', flush=True)\ntime.sleep(1)\nkept = 2");
        await running.PrintsAsync("on");
        way.Cut();
        await Assert.ThrowsAsync<SandboxLostException>(() => running.Completion);
        Assert.EndsWith("2\n", (await executor.PythonAsync("print(kept)")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_block_is_refused_with_what_to_do_and_doing_it_works()
    {
        await using JupyterServer server = await JupyterServer.StartAsync();
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = JupyterServer.Token });
        await executor.StartAsync(Cancellation);
        CodeResult result = await executor.RunAsync(new CodeBlock("bash", "echo hi"));
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(TerminationReason.NotStarted, result.Blocks[0].Termination);
        Assert.Equal("bash", result.Blocks[0].Language);
        Assert.Contains("In a Python kernel, a block that begins with %%bash does the same.", result.Output, StringComparison.Ordinal);
        Assert.Equal("hi\n", (await executor.PythonAsync("%%bash\necho hi")).Output);
    }

    [Fact]
    public async Task Without_a_folder_displays_are_kept_and_changed_and_saved_nowhere()
    {
        await using JupyterServer server = await JupyterServer.StartAsync();
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = JupyterServer.Token });
        await executor.StartAsync(Cancellation);
        CodeResult result = await executor.PythonAsync("from IPython.display import HTML, display\nh = display(HTML('one'), display_id=True)\nh.update(HTML('two'))");
        DisplayOutput shown = Assert.Single(result.Blocks[0].Displays);
        Assert.Equal("two", System.Text.Encoding.UTF8.GetString(shown.Data["text/html"].Span));
        Assert.Empty(shown.Files);
        Assert.DoesNotContain(server.Folder.Entries(), e => e.StartsWith("display", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_kernel_is_shut_down_with_the_executor_and_the_server_is_not()
    {
        await using JupyterServer server = await JupyterServer.StartAsync();
        await using (JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = JupyterServer.Token }))
        {
            await executor.StartAsync(Cancellation);
            Assert.Contains("\"id\"", await KernelsAsync(server), StringComparison.Ordinal);
        }

        Assert.Equal("[]", await KernelsAsync(server));
    }

    [Fact]
    public async Task The_token_goes_to_the_named_server_only()
    {
        await using AnyServer other = new("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await using AnyServer server = new($"HTTP/1.1 302 Found\r\nLocation: {other.Url}api/kernelspecs\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await using JupyterCodeExecutor executor = new(new() { Url = server.Url, Token = "the-secret" });
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Contains("token the-secret", server.LastRequest, StringComparison.Ordinal);
        Assert.Equal("", other.LastRequest);
    }

    private static async Task<string> KernelsAsync(JupyterServer server)
    {
        using HttpClient client = new();
        return await client.GetStringAsync(new Uri(server.Url, $"api/kernels?token={JupyterServer.Token}"), Cancellation);
    }

    /// <summary>A clock whose timers go off after a fifth of their time.</summary>
    private sealed class QuickClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 5 : dueTime, period);
    }
}
