using System.Diagnostics;
using static Glovebox.Tests.Common.Contract.Deadline;

namespace Glovebox.Tests.Common.Contract;

/// <summary>What only processes and files of a real sandbox show of order, clean-up and time.</summary>
public abstract class ProcessConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_block_is_a_process_of_its_own_in_the_work_directory()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.RunAsync(
            new("python", "import os; print(os.getcwd()); os.environ['X'] = x = '1'; os.chdir('/'); os.umask(0o777)"),
            new("python", "# filename: sub/x.py\nimport os; print(os.getcwd()); print('X' in os.environ, 'x' in globals())"),
            new("bash", "pwd; echo ${X-none}"));
        string[] lines = result.Output.Split('\n');
        Assert.Equal([lines[0], lines[0], "False False", lines[0], "none", ""], lines);
    }

    [Fact]
    public async Task Twenty_executors_in_one_work_directory_run_the_same_code_at_the_same_time()
    {
        using TestFolder folder = new();
        ICodeExecutor[] executors = [.. Enumerable.Range(0, 20).Select(_ => kind.Create(new() { WorkDir = folder.Path, DeleteTempFiles = true }))];
        try
        {
            await Task.WhenAll(executors.Select(e => e.StartAsync(Ct)));

            // Each opens its own code file again, late: nobody else may have deleted it. All wait for each other, so all are there.
            CodeBlock block = new("sh", "touch here-$(basename \"$0\"); until [ \"$(ls here-* | wc -l)\" = 20 ]; do sleep 0.02; done; wc -c < \"$0\"");
            CodeResult[] results = await Task.WhenAll(executors.Select(e => e.ExecuteCodeBlocksAsync([block], Ct)));
            Assert.All(results, r => Assert.Equal((0, $"{block.Code.Length}"), (r.ExitCode, r.Output.Trim())));
            Assert.Equal(20, results.Select(r => r.CodeFile).Distinct().Count());
            Assert.All(folder.Entries(), name => Assert.StartsWith("here-", name, StringComparison.Ordinal));
        }
        finally
        {
            await Task.WhenAll(executors.Select(e => e.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Temporary_code_that_a_program_replaced_is_not_followed()
    {
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["victim"], "untouched", Ct);
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });
        Assert.Equal(0, (await session.BashAsync($"ln -sf '{outside["victim"]}' \"$0\"")).ExitCode);
        Assert.Equal(0, (await session.BashAsync("rm \"$0\"; mkdir \"$0\"; touch \"$0/kept\"")).ExitCode);
        Assert.Equal(0, (await session.BashAsync("rm \"$0\"")).ExitCode);
        Assert.Equal(["victim"], outside.Entries());
        Assert.Single(session.Folder.Entries(), name => name.EndsWith("/kept", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_timeout_by_the_real_clock_keeps_the_output_so_far_and_says_so()
    {
        // Long enough for the interpreter to start on a busy machine.
        TimeSpan timeout = TimeSpan.FromSeconds(6.5);
        TimeSpan shortest = timeout - TimeSpan.FromSeconds(0.1);
        await using Session session = await Session.StartAsync(kind, new() { Timeout = timeout, TimeProvider = new RealClock() });
        long started = Stopwatch.GetTimestamp();
        CodeResult result = await session.RunAsync(
            new("python", "import sys, time; print('out'); print('err', file=sys.stderr); time.sleep(600)"), new("bash", "echo never"));
        Assert.InRange(Stopwatch.GetElapsedTime(started), shortest, timeout + Grace);
        BlockResult block = Assert.Single(result.Blocks);
        Assert.Equal((124, true, TerminationReason.TimedOut), (block.ExitCode, block.TimedOut, block.Termination));
        Assert.Equal("out\n", block.StandardOutput);
        Assert.Equal("err\n" + Notice(6.5), block.StandardError);
        Assert.InRange(block.Duration, shortest, timeout + Grace);
        Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
    }
}
