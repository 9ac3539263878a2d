using System.Text;

namespace Glovebox.Tests.Common.Contract;

/// <summary>The two streams of a program, as they arrive.</summary>
public abstract class StreamConformance(ExecutorKind kind)
{
    [Fact]
    public async Task Streams_are_kept_apart_and_together_in_order_of_arrival()
    {
        await using Session session = await Session.StartAsync(kind);
        string[] lines = [.. Enumerable.Range(0, 5).SelectMany(i => new[] { $"out {i}", $"err {i}" })];
        Running running = session.Begin(
            "bash", string.Concat(lines.Select((line, i) => $"echo {line}{(i % 2 == 0 ? "" : " >&2")}; {Until($"go{i}")}\n")));
        for (int i = 0; i < lines.Length; i++)
        {
            // Only once a line has arrived may the program print the next, so the order is known.
            await running.PrintsAsync(lines[i]);
            await session.WriteAsync($"go{i}");
        }

        CodeResult result = await running.Completion;
        Assert.Equal(string.Concat(lines.Select(line => line + "\n")), result.Output);
        Assert.Equal("out 0\nout 1\nout 2\nout 3\nout 4\n", result.StandardOutput);
        Assert.Equal("err 0\nerr 1\nerr 2\nerr 3\nerr 4\n", result.StandardError);
    }

    [Fact]
    public async Task Output_arrives_while_the_program_prints_even_without_a_line_end()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("bash", $"printf half; {Until("go")}; echo ' whole'");
        await running.PrintsAsync("half");
        Assert.False(running.Completion.IsCompleted);
        await session.WriteAsync("go");
        Assert.Equal("half whole\n", (await running.Completion).Output);
    }

    [Fact]
    public async Task Output_comes_at_once_whatever_character_it_ends_with()
    {
        const string Characters = "0123456789abcdef";
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("bash", string.Concat(Characters.Select(c => $"printf {c}; {Until($"{c}")}\n")));
        for (int i = 0; i < Characters.Length; i++)
        {
            await running.PrintsAsync(Characters[..(i + 1)]);
            await session.WriteAsync($"{Characters[i]}");
        }

        Assert.Equal(Characters, (await running.Completion).Output);
    }

    [Fact]
    public async Task A_character_that_arrives_in_pieces_is_whole()
    {
        await using Session session = await Session.StartAsync(kind);
        byte[] bytes = Encoding.UTF8.GetBytes("€");
        Running running = session.Begin(
            "bash",
            string.Concat(bytes.Select((b, i) => $"printf '\\{Convert.ToString(b, 8)}'; printf {i} >&2; {Until($"go{i}")}\n")));
        for (int i = 0; i < bytes.Length; i++)
        {
            await running.PrintsAsync($"{i}");
            await session.WriteAsync($"go{i}");
        }

        Assert.Equal("€", (await running.Completion).StandardOutput);
    }

    /// <summary>Shell that goes on only when the test has made a file.</summary>
    private static string Until(string file) => $"until [ -e {file} ]; do sleep 0.01; done";
}
