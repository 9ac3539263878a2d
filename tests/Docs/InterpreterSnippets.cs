#pragma warning disable xUnit1051 // A reader of the documents has no test context.
using Glovebox.Interpreters;

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/interpreter.md. DocumentTests sees to it that they are the same.</summary>
public sealed class InterpreterSnippets
{
    [Fact]
    public async Task What_one_block_defines_the_next_one_has()
    {
        await using var executor = new InterpreterCodeExecutor();
        await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "prices = [3, 4, 5]")]);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "sum(prices) / len(prices)")]);

        Assert.Equal("4.0\n", result.Output);
        Assert.Single(result.Blocks[0].Displays);
    }

    [Fact]
    public async Task A_context_and_a_branch_of_it()
    {
        await using var executor = new InterpreterCodeExecutor();
        await executor.Workspace.WriteAllTextAsync("data/x.txt", "x");

        CodeContext context = await executor.CreateContextAsync(new CodeContextOptions { Name = "analysis", Directory = "data" });
        await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "rows = 3")], new CodeExecutionOptions { Context = "analysis" });
        CodeContext branch = await context.BranchAsync("attempt");
        await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "rows = 0")], new CodeExecutionOptions { Context = "attempt" });
        CodeResult kept = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "rows")], new CodeExecutionOptions { Context = "analysis" });
        await branch.CloseAsync();

        Assert.Equal("3\n", kept.Output);
    }
}
