using Glovebox.Tests.Common.Fakes;

namespace Glovebox.Tests.Common.Contract;

/// <summary>What a program prints: any bytes, and more than is kept.</summary>
public abstract class OutputConformance(ExecutorKind kind)
{
    [Theory]
    [InlineData("printf 'a\\377b\\300\\200c'", "a\uFFFDb\uFFFD\uFFFDc")]
    [InlineData("printf 'a\\0b\\n'", "a\0b\n")]
    [InlineData("printf 'grün 😀'", "grün 😀")]
    [InlineData(":", "")]
    [InlineData("", "")]
    public async Task Any_bytes_become_text(string code, string expected)
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.BashAsync(code);
        Assert.Equal((0, expected), (result.ExitCode, result.Output));
        Assert.Equal(expected, result.StandardOutput);
        Assert.Equal("", result.StandardError);
        Assert.False(result.Blocks[0].Truncated);
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(5000)]
    public async Task Long_output_keeps_its_head_and_tail_and_marks_the_gap(int bound)
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = bound });
        Running running = session.Begin("bash", "seq 100000 102999");
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.True(block.Truncated);
        Assert.Equal(0, block.ExitCode);
        Assert.StartsWith("100000\n100001\n", block.Output, StringComparison.Ordinal);
        Assert.EndsWith("\n102998\n102999\n", block.Output, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"[... {(3000 * 7) - bound} bytes dropped ...]\n"), block.Output, StringComparison.Ordinal);
        Assert.InRange(block.Output.Length, bound, bound + 100);
        Assert.Equal(block.Output, string.Concat(running.Updates.OfType<OutputReceivedUpdate>().Select(u => u.Text)));
    }

    [Fact]
    public async Task Output_that_just_fits_is_whole()
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = 2048 });
        CodeResult result = await session.BashAsync($"printf '{new string('é', 1024)}'");
        Assert.Equal(new string('é', 1024), result.Output);
        Assert.False(result.Blocks[0].Truncated);
    }

    [Fact]
    public async Task Both_streams_share_the_bound()
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = 1024 });
        CodeResult result = await session.BashAsync(string.Concat(Enumerable.Repeat("printf oooooooooo; printf eeeeeeeeee >&2\n", 1000)));
        Assert.True(result.Blocks[0].Truncated);
        Assert.InRange(result.Output.Length, 1024, 1124);
        Assert.InRange(result.StandardOutput.Length + result.StandardError.Length, 1024, 1224);
    }

    [Fact]
    public async Task Standard_output_is_clean_when_only_standard_error_lost_bytes()
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = 1024 });
        BlockResult block = (await session.BashAsync("seq 100000 102999 >&2\nprintf '{\"ok\": 1}'")).Blocks[0];
        Assert.Equal("{\"ok\": 1}", block.StandardOutput);
        Assert.Contains(" bytes dropped ...]\n", block.StandardError, StringComparison.Ordinal);
        Assert.True(block.Truncated);
    }

    [Fact]
    public async Task Code_is_run_as_it_was_written()
    {
        const string Python = "print('''\npip install x''')";
        await using Session session = await Session.StartAsync(
            kind, new() { Meanings = new Dictionary<string, FakeProgram> { [Python] = FakeProcess.Prints("\npip install x\n") } });
        Assert.EndsWith("\npip install x", (await session.BashAsync("cat \"$0\"; exit\npip install x")).Output, StringComparison.Ordinal);
        Assert.Equal("\npip install x\n", (await session.PythonAsync(Python)).Output);
    }
}
