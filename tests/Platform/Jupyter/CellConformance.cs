using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>What a cell is, wherever its kernel is.</summary>
public abstract class CellConformance(JupyterHost host) : IAsyncLifetime
{
    private ICodeExecutor Executor { get; set; } = null!;

    public async ValueTask InitializeAsync() => Executor = await host.SharedAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }

    [Fact]
    public async Task What_one_call_defines_the_next_one_has()
    {
        Assert.Equal(0, (await Executor.PythonAsync("import math\nradius = 2")).ExitCode);
        CodeResult result = await Executor.PythonAsync("print(round(math.pi * radius ** 2, 3))");
        Assert.Equal("12.566\n", result.Output);
    }

    [Fact]
    public async Task The_value_of_the_last_expression_is_output_and_a_display()
    {
        CodeResult result = await Executor.PythonAsync("print('before')\n{'a': 1}");
        Assert.Equal("before\n{'a': 1}\n", result.Output);
        Assert.Equal("{'a': 1}", Text(Assert.Single(result.Blocks[0].Displays), "text/plain"));
    }

    [Fact]
    public async Task Standard_error_is_apart_and_in_its_place()
    {
        CodeResult result = await Executor.PythonAsync("import sys\nprint('one', flush=True)\nprint('two', file=sys.stderr, flush=True)\nprint('three')");
        Assert.Equal("one\nthree\n", result.StandardOutput);
        Assert.Equal("two\n", result.StandardError);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task An_error_is_its_traceback_without_colours_after_what_was_printed_before_it()
    {
        List<CodeExecutionUpdate> updates = [];
        await foreach (CodeExecutionUpdate update in Executor.ExecuteCodeBlocksStreamingAsync(
            [new CodeBlock("python", "print('so far')\n1 / 0")], TestContext.Current.CancellationToken))
        {
            updates.Add(update);
        }

        BlockResult result = Assert.Single(updates.OfType<BlockCompletedUpdate>()).Result;
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(TerminationReason.Exited, result.Termination);
        Assert.Equal("so far\n", result.StandardOutput);
        Assert.Matches(
            """
            ^-{75}
            ZeroDivisionError +Traceback \(most recent call last\)
            Cell In ?\[\d+\], line 2
                  1 print\('so far'\)
            ----> 2 1 / 0

            ZeroDivisionError: division by zero
            $
            """.ReplaceLineEndings("\n"),
            result.StandardError);
        Assert.DoesNotContain('\x1b', result.Output);

        OutputReceivedUpdate traceback = Assert.Single(updates.OfType<OutputReceivedUpdate>(), u => u.RawText is not null);
        Assert.Contains("\x1b[", traceback.RawText, StringComparison.Ordinal);
        Assert.Equal(result.Output, string.Concat(updates.OfType<OutputReceivedUpdate>().Select(u => u.Text)));
    }

    [Fact]
    public async Task A_syntax_error_is_an_error()
    {
        CodeResult result = await Executor.PythonAsync("def broken(:\n  pass");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("SyntaxError: invalid syntax", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Magics_work()
    {
        CodeResult timing = await Executor.PythonAsync("%timeit -n 10 -r 2 sum(range(10))");
        Assert.Contains("per loop", timing.Output, StringComparison.Ordinal);
        CodeResult bash = await Executor.PythonAsync("%%bash\nfor i in 1 2; do echo \"line $i\"; done");
        Assert.Equal("line 1\nline 2\n", bash.Output);
        await Executor.PythonAsync("open('magic.txt', 'w').close()");
        CodeResult shell = await Executor.PythonAsync("!ls magic.txt");
        Assert.Equal("magic.txt\n", shell.Output.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("import sys; sys.exit()", 0)]
    [InlineData("import sys; sys.exit(0)", 0)]
    [InlineData("import sys; sys.exit(3)", 3)]
    [InlineData("import sys; sys.exit('no')", 1)]
    [InlineData("raise SystemExit(256 + 7)", 7)]
    public async Task The_exit_code_is_what_sys_exit_was_given(string code, int expected) =>
        Assert.Equal(expected, (await Executor.PythonAsync(code)).ExitCode);

    /// <summary>After a failure a kernel could abort the next block, which then failed without a word, though that had not been sent
    /// yet.</summary>
    [Fact]
    public async Task A_block_that_follows_a_failed_one_at_once_is_run()
    {
        // The moment in which this kernel would abort, made long.
        await Executor.PythonAsync("kernel = get_ipython().kernel; moment = kernel.stop_on_error_timeout; kernel.stop_on_error_timeout = 1.0");
        Assert.Equal(1, (await Executor.PythonAsync("1 / 0")).ExitCode);
        CodeResult next = await Executor.PythonAsync("kernel.stop_on_error_timeout = moment\nprint('run')");
        Assert.Equal((0, "run\n"), (next.ExitCode, next.Output));
    }

    [Fact]
    public async Task Asking_for_input_is_an_error_that_says_so()
    {
        CodeResult result = await Executor.PythonAsync("name = input('Who? ')");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("does not support input requests", result.StandardError, StringComparison.Ordinal);
        Assert.Equal("1\n", (await Executor.PythonAsync("print(1)")).Output);
    }

    [Fact]
    public async Task Output_arrives_while_the_cell_runs()
    {
        Running running = Executor.Begin(
            "import os, time\nprint('waiting', flush=True)\nwhile not os.path.exists('go.txt'): time.sleep(0.01)\nprint('went')");
        await running.PrintsAsync("waiting");
        await File.WriteAllTextAsync(Path.Combine(host.SharedFolder, "go.txt"), "", TestContext.Current.CancellationToken);
        CodeResult result = await running.Completion;
        Assert.Equal("waiting\nwent\n", result.Output);
    }

    [Fact]
    public async Task Text_of_every_kind_arrives_as_it_was_printed()
    {
        CodeResult result = await Executor.PythonAsync("print('zażółć 😀 \\x00 \\\\ \"quoted\"\\t|')\nprint('x' * 100_000, end='')");
        Assert.Equal("zażółć 😀 \0 \\ \"quoted\"\t|\n" + new string('x', 100_000), result.Output);
    }

    [Fact]
    public async Task A_cell_without_output_has_none()
    {
        CodeResult result = await Executor.PythonAsync("nothing = None");
        Assert.Equal("", result.Output);
        Assert.Empty(result.Blocks[0].Displays);
    }

    [Fact]
    public async Task Blocks_run_in_order_until_one_fails()
    {
        CodeResult result = await Executor.RunAsync(
            new("py", "a = 1"), new("python3", "print(a)"), new("Python", "print(a + 1); undefined_name"), new("python", "print('never')"));
        Assert.Equal([0, 0, 1], result.Blocks.Select(b => b.ExitCode));
        Assert.All(result.Blocks, b => Assert.Equal("python", b.Language));
        Assert.DoesNotContain("never", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("py")]
    [InlineData("Python3")]
    [InlineData(" python ")]
    public async Task A_rule_sees_the_kernels_language_however_a_block_spells_it(string spelling)
    {
        List<ApprovalContext> asked = [];
        ICodeExecutor ruled = Executor.AsBuilder().UseApproval((ApprovalContext context, CancellationToken _) =>
        {
            asked.Add(context);
            return ValueTask.FromResult(context.Language == "python" ? ApprovalDecision.Deny("no") : ApprovalDecision.Approve());
        }).Build();
        CodeBlock block = new(spelling, "print('ran')");
        Assert.Equal(TerminationReason.Denied, (await ruled.RunAsync(block)).Blocks[0].Termination);
        Assert.Empty(Assert.Single(asked).Programs);

        // The canary: without the rule it runs.
        Assert.Equal("ran\n", (await Executor.RunAsync(block)).Output);
    }

    [Fact]
    public async Task Concurrent_calls_run_one_after_another()
    {
        await Executor.PythonAsync("order = []");
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Executor.PythonAsync($"order.append({i}); import time; time.sleep(0.01); order.append({i})")));
        CodeResult result = await Executor.PythonAsync("print(all(a == b for a, b in zip(order[::2], order[1::2])), len(order))");
        Assert.Equal("True 10\n", result.Output);
    }

    [Fact]
    public async Task An_unknown_language_is_a_result()
    {
        CodeResult result = await Executor.RunAsync(new CodeBlock("klingon", "nuqneH"));
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(TerminationReason.NotStarted, result.Blocks[0].Termination);
        Assert.Equal("unknown language klingon\n", result.Output);
    }

    [Fact]
    public async Task The_workspace_is_where_the_kernel_is()
    {
        await Executor.Workspace.WriteAllTextAsync("sub/given.txt", "from the host", TestContext.Current.CancellationToken);
        CodeResult result = await Executor.PythonAsync("print(open('sub/given.txt').read())\nopen('sub/made.bin', 'wb').write(bytes(range(256)))\n0");
        Assert.Equal("from the host\n0\n", result.Output);
        Assert.Equal(
            Enumerable.Range(0, 256).Select(i => (byte)i).ToArray(),
            await Executor.Workspace.ReadAllBytesAsync("sub/made.bin", cancellationToken: TestContext.Current.CancellationToken));
        WorkspaceListing listing = await Executor.Workspace.ListAsync(TestContext.Current.CancellationToken);
        Assert.Contains(listing.Files, f => f is { Path: "sub/made.bin", Size: 256 });
        Assert.True(await Executor.Workspace.DeleteAsync("sub/made.bin", TestContext.Current.CancellationToken));
        Assert.False(await Executor.Workspace.DeleteAsync("sub/made.bin", TestContext.Current.CancellationToken));
        WorkspaceException gone = await Assert.ThrowsAsync<WorkspaceException>(
            () => Executor.Workspace.ReadAllBytesAsync("sub/made.bin", cancellationToken: TestContext.Current.CancellationToken));
        Assert.True(gone.IsNotFound);
    }

    private static string Text(DisplayOutput display, string mimeType) => System.Text.Encoding.UTF8.GetString(display.Data[mimeType].Span);
}

public sealed class SandboxCells(SandboxHost host) : CellConformance(host), IClassFixture<SandboxHost>;

public sealed class UrlCells(UrlHost host) : CellConformance(host), IClassFixture<UrlHost>;
