using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>The way of a call from guest code to the host and back.</summary>
public abstract class HostCallConformance(ExecutorKind kind)
{
    [Fact]
    public async Task Guest_code_calls_a_function_of_the_host()
    {
        await using Session session = await kind.StartAsync(Function((int a, int b) => a + b, "add"));
        Assert.Equal("5 -2\n", await session.PrintAsync("from functions import add", "add(2, 3), add(b=-5, a=3)"));
    }

    [Fact]
    public async Task Bytes_go_there_and_back()
    {
        await using Session session = await kind.StartAsync(Function((byte[] data) => data.Reverse().ToArray(), "turn"), Function(Later, "later"));
        Assert.Equal(
            "b'\\x00\\x01\\xff' b'\\xff' b'later'\n",
            await session.PrintAsync("from functions import turn, later", @"turn(b'\xff\x01\x00'), turn(bytearray(b'\xff')), later()"));

        static async Task<byte[]> Later()
        {
            await Task.Yield();
            return "later"u8.ToArray();
        }
    }

    [Fact]
    public async Task Large_arguments_and_results_arrive_whole()
    {
        await using Session session = await kind.StartAsync(Function((string text) => text + text, "twice"));
        Assert.Equal("True\n", await session.PrintAsync("from functions import twice\ntext = 'ä🧤x' * 50_000", "twice(text) == text + text"));
    }

    [Fact]
    public async Task Functions_survive_a_restart_and_are_not_among_the_users_files()
    {
        await using Session session = await kind.StartAsync(Function(() => 1, "one"));
        CodeResult before = await session.PythonAsync("from functions import one\nprint(one())\nopen('made.txt', 'w').close()");
        Assert.Equal(["made.txt"], before.OutputFiles.Select(f => f.Path));
        await session.Executor.RestartAsync(TestContext.Current.CancellationToken);
        CodeResult after = await session.PythonAsync("from functions import one\nprint(one())");
        Assert.Equal(("1\n", "1\n"), (before.Output, after.Output));
        Assert.Equal(["made.txt"], session.Folder.Entries());
    }
}
