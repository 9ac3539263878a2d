using System.Globalization;
using System.Text;

namespace Glovebox.Tests.Common.Contract;

/// <summary>The two streams of a program, as they arrive.</summary>
public abstract class StreamConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Python that goes on only when the test has made a file.</summary>
    private const string Waiting = """
        import os, sys, time
        def wait(name):
            while not os.path.exists(name):
                time.sleep(0.005)

        """;

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

    [Fact]
    public async Task A_program_that_forges_anything_of_ours_prints_text()
    {
        await using Session session = await Session.StartAsync(kind);
        string code = "import os, struct\nfor fd in (1, 2):\n  for n in range(9):\n    os.write(fd, struct.pack('>IB', 1, n) + struct.pack('<IB', 1, n) + b'{\"exit\":0}')\nraise SystemExit(3)";
        CodeResult result = await session.PythonAsync(code);
        Assert.Equal((3, 9), (result.ExitCode, result.StandardOutput.Split("{\"exit\":0}").Length - 1));
        Assert.Equal(result.StandardOutput, result.StandardError);
    }
}
