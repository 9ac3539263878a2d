namespace Glovebox.Tests.Common.Contract;

/// <summary>How the program that runs a language is found, and what happens when it is not.</summary>
public abstract class InterpreterConformance(ExecutorKind kind)
{
    [Fact]
    public async Task Bash_is_bash()
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.Equal("b\n", (await session.BashAsync("x=(a b c); echo ${x[1]}")).Output);
    }

    [Theory]
    [InlineData("glovebox-no-such-program")]
    [InlineData("/no/such/program")]
    public async Task A_missing_interpreter_is_a_result_that_names_it(string program)
    {
        await using Session session = await Session.StartAsync(kind, new() { Languages = [new("odd", ".odd", [program], [])] });
        BlockResult block = Assert.Single((await session.RunAsync(new CodeBlock("odd", "x"))).Blocks);
        Assert.Equal(127, block.ExitCode);
        Assert.Equal(TerminationReason.NotStarted, block.Termination);
        Assert.Contains(program, block.Output, StringComparison.Ordinal);
        Assert.Equal(block.Output, block.StandardError);
    }

    [Fact]
    public async Task An_interpreter_that_cannot_be_executed_is_a_result_that_names_it()
    {
        await using Session session = await Session.StartAsync(kind, new() { Languages = [new("odd", ".odd", ["/etc/passwd"], [])] });
        BlockResult block = Assert.Single((await session.RunAsync(new CodeBlock("odd", "x"))).Blocks);
        Assert.Equal(126, block.ExitCode);
        Assert.Equal(TerminationReason.NotStarted, block.Termination);
        Assert.Contains("/etc/passwd", block.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interpreter_is_looked_for_on_the_PATH_of_the_guest_and_not_of_the_host()
    {
        await using Session session = await Session.StartAsync(kind, new() { Environment = new Dictionary<string, string> { ["PATH"] = "/nowhere" } });
        Assert.Equal(127, (await session.BashAsync("echo hello")).ExitCode);

        await using Session canary = await Session.StartAsync(kind);
        Assert.Equal(0, (await canary.BashAsync("echo hello")).ExitCode);
    }

    [Fact]
    public async Task An_interpreter_with_a_relative_path_is_one_of_the_work_directory()
    {
        await using Session session = await Session.StartAsync(kind, new() { Languages = [new("own", ".own", ["./tool"], [])] });
        await session.BashAsync("printf '#!/bin/sh\necho own tool; cat \"$1\"' > tool; chmod +x tool");
        Assert.Equal("own tool\ncode", (await session.RunAsync(new CodeBlock("own", "code"))).Output);
    }

    [Fact]
    public async Task JavaScript_runs_where_node_is()
    {
        await using Session session = await Session.StartAsync(kind);
        if ((await session.BashAsync("command -v node || command -v nodejs")).ExitCode != 0)
        {
            Assert.Skip("Node.js is not installed.");
        }

        foreach (string name in new[] { "javascript", "js", "node" })
        {
            Assert.Equal("42\n", (await session.RunAsync(new CodeBlock(name, "console.log(6 * 7)"))).Output);
        }
    }

    [Fact]
    public async Task Python_holds_no_output_back()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("python", "import os, time\nprint('half', end='')\nwhile not os.path.exists('go'): time.sleep(0.005)\nprint(' whole')");
        await running.PrintsAsync("half");
        await session.WriteAsync("go");
        Assert.Equal("half whole\n", (await running.Completion).Output);
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
