using System.Globalization;
using System.Text;

namespace Glovebox.Tests.Common.Contract;

/// <summary>What a program prints, what it reads, and what it knows of the host.</summary>
public abstract class OutputConformance(ExecutorKind kind)
{
    /// <summary>Python that goes on only when the test has made a file.</summary>
    private const string Waiting = """
        import os, sys, time
        def wait(name):
            while not os.path.exists(name):
                time.sleep(0.005)

        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Streams_are_kept_apart_and_together_in_order_of_arrival()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("python", Waiting + """
            for i in range(5):
                print("out", i)
                wait(f"out{i}")
                print("err", i, file=sys.stderr)
                wait(f"err{i}")
            """);
        StringBuilder expected = new();
        for (int i = 0; i < 5; i++)
        {
            foreach (string stream in new[] { "out", "err" })
            {
                // Only once a line has arrived may the program print the next, so the order is known.
                await running.PrintsAsync($"{stream} {i}\n");
                expected.Append(CultureInfo.InvariantCulture, $"{stream} {i}\n");
                await session.Executor.Workspace.WriteAllTextAsync($"{stream}{i}", "", Ct);
            }
        }

        CodeResult result = await running.Completion;
        Assert.Equal(expected.ToString(), result.Output);
        Assert.Equal("out 0\nout 1\nout 2\nout 3\nout 4\n", result.StandardOutput);
        Assert.Equal("err 0\nerr 1\nerr 2\nerr 3\nerr 4\n", result.StandardError);
    }

    [Fact]
    public async Task Output_arrives_while_the_program_prints_even_without_a_line_end()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("python", Waiting + "print('half', end='')\nwait('go')\nprint(' whole')");
        await running.PrintsAsync("half");
        Assert.False(running.Completion.IsCompleted);
        await session.Executor.Workspace.WriteAllTextAsync("go", "", Ct);
        Assert.Equal("half whole\n", (await running.Completion).Output);
    }

    [Fact]
    public async Task Output_comes_at_once_whatever_character_it_ends_with()
    {
        const string Characters = "0123456789abcdef";
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("python", Waiting + $"for c in '{Characters}':\n    os.write(1, c.encode())\n    wait(c)\n");
        for (int i = 0; i < Characters.Length; i++)
        {
            await running.PrintsAsync(Characters[..(i + 1)]);
            await session.Executor.Workspace.WriteAllTextAsync($"{Characters[i]}", "", Ct);
        }

        Assert.Equal(Characters, (await running.Completion).Output);
    }

    [Fact]
    public async Task A_character_that_arrives_in_pieces_is_whole()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("python", Waiting + """
            for i, byte in enumerate("€".encode()):
                os.write(1, bytes([byte]))
                os.write(2, b"%d" % i)
                wait(f"{i}")
            """);
        for (int i = 0; i < 3; i++)
        {
            await running.PrintsAsync(i.ToString(CultureInfo.InvariantCulture));
            await session.Executor.Workspace.WriteAllTextAsync($"{i}", "", Ct);
        }

        Assert.Equal("€", (await running.Completion).StandardOutput);
    }

    [Theory]
    [InlineData("printf 'a\\377b\\300\\200c'", "a\uFFFDb\uFFFD\uFFFDc")]
    [InlineData("printf 'cut \\342\\202'", "cut \uFFFD")]
    [InlineData("printf 'a\\0b\\n'", "a\0b\n")]
    [InlineData("printf 'one\\r\\ntwo\\rthree'", "one\r\ntwo\rthree")]
    [InlineData("printf '\\033[31mred\\033[0m'", "\u001b[31mred\u001b[0m")]
    [InlineData("printf '\\357\\273\\277bom'", "\uFEFFbom")]
    [InlineData("printf 'grün 😀'", "grün 😀")]
    [InlineData(":", "")]
    [InlineData("", "")]
    [InlineData("printf '\\n\\n'", "\n\n")]
    public async Task Any_bytes_become_text(string code, string expected)
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.BashAsync(code);
        Assert.Equal((0, expected), (result.ExitCode, result.Output));
        Assert.Equal(expected, result.StandardOutput);
        Assert.Equal("", result.StandardError);
        Assert.False(result.Blocks[0].Truncated);
    }

    [Fact]
    public async Task A_program_that_forges_anything_of_ours_prints_text()
    {
        await using Session session = await Session.StartAsync(kind);
        string code = "import os, struct\nfor fd in (1, 2):\n  for n in range(9):\n    os.write(fd, struct.pack('>IB', 1, n) + struct.pack('<IB', 1, n) + b'{\"exit\":0}')\nraise SystemExit(3)";
        CodeResult result = await session.PythonAsync(code);
        Assert.Equal((3, 9), (result.ExitCode, result.StandardOutput.Split("{\"exit\":0}").Length - 1));
        Assert.Equal(result.StandardOutput, result.StandardError);
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(5000)]
    public async Task Long_output_keeps_its_head_and_tail_and_marks_the_gap(int bound)
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = bound });
        Running running = session.Begin("python", "for i in range(3000): print(f'{i:06}')");
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.True(block.Truncated);
        Assert.Equal(0, block.ExitCode);
        Assert.StartsWith("000000\n000001\n", block.Output, StringComparison.Ordinal);
        Assert.EndsWith("\n002998\n002999\n", block.Output, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"[... {(3000 * 7) - bound} bytes dropped ...]\n"), block.Output, StringComparison.Ordinal);
        Assert.InRange(block.Output.Length, bound, bound + 100);
        Assert.Equal(block.Output, string.Concat(running.Updates.OfType<OutputReceivedUpdate>().Select(u => u.Text)));
    }

    [Fact]
    public async Task Output_that_just_fits_is_whole()
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = 2048 });
        CodeResult result = await session.PythonAsync("print('é' * 1024, end='')");
        Assert.Equal(new string('é', 1024), result.Output);
        Assert.False(result.Blocks[0].Truncated);
    }

    [Fact]
    public async Task Both_streams_share_the_bound()
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = 1024 });
        CodeResult result = await session.PythonAsync("import os\nfor i in range(1000): os.write(1, b'o' * 10); os.write(2, b'e' * 10)");
        Assert.True(result.Blocks[0].Truncated);
        Assert.InRange(result.Output.Length, 1024, 1124);
        Assert.InRange(result.StandardOutput.Length + result.StandardError.Length, 1024, 1224);
    }

    [Fact]
    public async Task Installations_by_pip_in_shell_blocks_are_quiet()
    {
        await using Session session = await Session.StartAsync(kind);
        const string code = "pip() { echo \"$@\"; }\npip install x\npip install -qqq y\necho pip install z";
        Assert.Equal("install -qqq x\ninstall -qqq y\npip install z\n", (await session.BashAsync(code)).Output);
        Assert.Equal("\npip install x\n", (await session.PythonAsync("print('''\npip install x''')")).Output);
    }
}
