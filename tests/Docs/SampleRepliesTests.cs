namespace Glovebox.Tests.Docs;

/// <summary>The replies of <c>samples/replies</c> do what they say, in a bubblewrap sandbox with nothing but the defaults.</summary>
public sealed class SampleRepliesTests
{
    private static readonly string Folder = Repository.File("samples/replies");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Each_sample_has_a_test() =>
        Assert.Equal(
            [
                "data-analysis-matplotlib.md", "data-analysis.md", "endless.md", "failing.md", "hostile.md", "plain-python.md", "powershell.md",
                "several-languages.md", "windows-line-ends-crlf.md",
            ],
            Directory.EnumerateFiles(Folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Plain_python_finds_the_primes()
    {
        CodeResult result = await RunAsync("plain-python.md");
        Assert.Equal(
            "There are 78498 primes below a million.\nThe first ten: 2 3 5 7 11 13 17 19 23 29\nThe largest: 999983\n", result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Several_languages_share_their_files()
    {
        CodeResult result = await RunAsync("several-languages.md");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["python", "bash", "python", "sh"], result.Blocks.Select(b => b.Language));
        Assert.StartsWith("Wrote a year of temperatures", result.Output, StringComparison.Ordinal);
        Assert.Contains("Lines: 366\n", result.Blocks[1].Output, StringComparison.Ordinal);
        Assert.Equal(12, result.Blocks[2].Output.Count(c => c == '\n'));
        Assert.Equal("Jul", result.Blocks[2].Output.Split('\n').MaxBy(line => line.Count(c => c == '#'))![..3]);
        Assert.Equal("temperatures.csv", Assert.Single(result.OutputFiles).Path);
        Assert.Equal("temperatures.csv\n", result.Blocks[3].Output);
    }

    [Fact]
    public async Task A_data_analysis_draws_its_plot_with_the_standard_library()
    {
        await using BubblewrapCommandLineCodeExecutor executor = new();
        CodeResult result = await RunAsync("data-analysis.md", executor);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("40 students", result.Output, StringComparison.Ordinal);
        Assert.Contains("R² = 0.9", result.Output, StringComparison.Ordinal);
        Assert.Equal("linear_fit.py", result.CodeFile);
        Assert.Contains(result.OutputFiles, f => f.Path == "scores.svg");
        string plot = await executor.Workspace.ReadAllTextAsync("scores.svg", cancellationToken: Ct);
        Assert.StartsWith("<svg xmlns=", plot, StringComparison.Ordinal);
        Assert.Equal(40, plot.Split("<circle").Length - 1);
    }

    [Fact]
    public async Task A_plot_with_matplotlib_is_a_picture_or_says_that_matplotlib_is_missing()
    {
        await using BubblewrapCommandLineCodeExecutor executor = new();
        CodeResult result = await RunAsync("data-analysis-matplotlib.md", executor);
        if (result.ExitCode == 0)
        {
            byte[] picture = await executor.Workspace.ReadAllBytesAsync("oscillation.png", cancellationToken: Ct);
            Assert.Equal([0x89, .. "PNG\r\n\x1a\n"u8], picture[..8]);
        }
        else
        {
            Assert.Equal(1, result.ExitCode);
            Assert.Matches("ModuleNotFoundError: No module named '(numpy|matplotlib)'", result.StandardError);
            CodeResult probe = await executor.ExecuteCodeBlocksAsync([new("python", "import numpy, matplotlib")], Ct);
            Assert.Equal(1, probe.ExitCode);
        }
    }

    [Fact]
    public async Task A_failing_block_keeps_its_output_and_ends_the_run()
    {
        CodeResult result = await RunAsync("failing.md");
        Assert.Equal(1, result.ExitCode);
        BlockResult block = Assert.Single(result.Blocks);
        Assert.Equal("alpha: 119.3 ms\nbeta: 89.5 ms\n", block.StandardOutput);
        Assert.EndsWith("ZeroDivisionError: division by zero\n", block.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endless_block_runs_out_of_its_time()
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { Timeout = TimeSpan.FromSeconds(4) });
        CodeResult result = await RunAsync("endless.md", executor);
        Assert.Equal(124, result.ExitCode);
        Assert.True(result.Blocks[0].TimedOut);
        Assert.StartsWith("27\n82\n41\n", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("done", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Windows_line_ends_are_read()
    {
        string reply = await ReadAsync("windows-line-ends-crlf.md");
        Assert.DoesNotContain('\n', reply.Replace("\r\n", "", StringComparison.Ordinal));
        Assert.Equal("Python counts 9 words.\nBash counts 9 words.\n", (await RunAsync("windows-line-ends-crlf.md")).Output);
    }

    [Fact]
    public async Task PowerShell_goes_on_with_what_python_wrote()
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(PowerShellHost.AddTo(new BubblewrapCommandLineCodeExecutorOptions()));
        CodeResult result = await RunAsync("powershell.md", executor);
        Assert.Equal("Wrote sizes.txt.\nreport      120 MB\nphotos     4810 MB\nmusic      2070 MB\ntotal      7000 MB\n", result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task A_hostile_reply_gets_nowhere()
    {
        CodeResult result = await RunAsync("hostile.md");
        Assert.Equal(0, result.ExitCode);
        string[] lines = result.StandardOutput.TrimEnd('\n').Split('\n');
        Assert.Equal(
            [
                "/etc/shadow: No such file or directory",
                "/root/.ssh: No such file or directory",
                "/home: nothing there",
                "/var/run/docker.sock: No such file or directory",
                "secrets in the environment: none",
                "192.0.2.1: Network is unreachable",
                "example.com: Temporary failure in name resolution",
                "/usr/bin/evil: Read-only file system",
                "/evil: Read-only file system",
                "process 1 is still there: True",
                "memory of process 1: Permission denied",
                "the fork bomb was stopped below 300 processes: Resource temporarily unavailable",
            ],
            lines[..^2]);
        Assert.Contains(lines[^2], (string[])["the memory hog was killed by signal 9", "the memory hog was refused more"]);
        Assert.Equal("still here, as glovebox, in /workspace", lines[^1]);
    }

    [Fact]
    public async Task The_hostile_reply_succeeds_where_nothing_is_isolated()
    {
        // The canary: its first block, on the host, finds what the sandbox hides.
        string token = $"GLOVEBOX_TEST_{Guid.NewGuid():n}_TOKEN";
        await using LocalCommandLineCodeExecutor executor = new(new() { Environment = { [token] = "x" } });
        await executor.StartAsync(Ct);
        CodeBlock first = MarkdownCodeBlocks.Extract(await ReadAsync("hostile.md"))[0];
        string output = (await executor.ExecuteCodeBlocksAsync([first], Ct)).Output;
        Assert.Contains(token, output, StringComparison.Ordinal);
        Assert.DoesNotContain("/etc/shadow: No such file or directory", output, StringComparison.Ordinal);
    }

    private static Task<string> ReadAsync(string name) => File.ReadAllTextAsync(Path.Combine(Folder, name), Ct);

    private static async Task<CodeResult> RunAsync(string name)
    {
        await using BubblewrapCommandLineCodeExecutor executor = new();
        return await RunAsync(name, executor);
    }

    private static async Task<CodeResult> RunAsync(string name, BubblewrapCommandLineCodeExecutor executor)
    {
        await executor.StartAsync(Ct);
        return await executor.ExecuteCodeBlocksAsync(MarkdownCodeBlocks.Extract(await ReadAsync(name)), Ct);
    }
}
