using System.Security.Cryptography;
using System.Text;

namespace Glovebox.Tests.Common.Contract;

/// <summary>What programs read from their standard input.</summary>
public abstract class StandardInputConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Standard_input_is_read_by_each_block_from_its_beginning()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeExecutionOptions options = new() { StandardInput = Encoding.UTF8.GetBytes("first\nzweite: ü\n") };
        CodeBlock[] blocks =
        [
            new("python", "print(input())\nprint(input())"), new("bash", "cat"), new("python", "print(1)"), new("sh", "read x; echo $x"),
        ];
        CodeResult result = await session.Executor.ExecuteCodeBlocksAsync(blocks, options, Ct);
        Assert.Equal("first\nzweite: ü\nfirst\nzweite: ü\n1\nfirst\n", result.Output);
        Assert.Equal("''\n", (await session.PythonAsync("import sys\nprint(repr(sys.stdin.read()))")).Output);
    }

    [Fact]
    public async Task The_longest_standard_input_arrives_whole()
    {
        await using Session session = await Session.StartAsync(kind);
        byte[] input = new byte[CodeExecutionOptions.MaxStandardInput];
        new Random(1).NextBytes(input);
        CodeResult result = await session.Executor.ExecuteCodeBlocksAsync(
            [new("python", "import sys, hashlib\nprint(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())")],
            new() { StandardInput = input },
            Ct);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(input)) + "\n", result.Output);
    }
}
