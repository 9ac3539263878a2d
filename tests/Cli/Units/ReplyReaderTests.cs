using Glovebox.Cli.Run;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli.Units;

public sealed class ReplyReaderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("reply.md")]
    [InlineData("reply.MARKDOWN")]
    [InlineData("reply.txt")]
    [InlineData("reply")]
    public async Task The_blocks_of_a_reply_are_taken_out(string name)
    {
        IReadOnlyList<CodeBlock> blocks = await ReadAsync(Replies.Of(("python", "print(1)"), ("sh", "true")), name);

        Assert.Equal([new CodeBlock("python", "print(1)\n"), new CodeBlock("sh", "true\n")], blocks);
    }

    [Theory]
    [InlineData("a.py", "print(1)", "python")]
    [InlineData("a.PY", "print(1)", "python")]
    [InlineData("a.sh", "true", "sh")]
    [InlineData("a.sh", "#!/bin/bash\ntrue", "sh")]
    [InlineData("a.bash", "true", "bash")]
    [InlineData("a.ps1", "1", "pwsh")]
    [InlineData("a.js", "1", "javascript")]
    [InlineData("a.cs", "1", "csharp")]
    public async Task A_script_is_one_block_as_it_is(string name, string code, string language) =>
        Assert.Equal([new CodeBlock(language, code)], await ReadAsync(code, name));

    [Fact]
    public async Task A_named_language_takes_the_whole_file_whatever_its_name() =>
        Assert.Equal([new CodeBlock("Ruby", "```sh\n")], await ReadAsync("```sh\n", "x.unknown", "Ruby"));

    [Fact]
    public async Task A_byte_order_mark_is_not_part_of_the_text() =>
        Assert.Equal([new CodeBlock("python", "1")], await ReadAsync("\uFEFF1", "a.py"));

    [Fact]
    public async Task An_empty_script_is_a_block() => Assert.Equal([new CodeBlock("python", "")], await ReadAsync("", "a.py"));

    [Theory]
    [InlineData("a.exe", "1", 2)]
    [InlineData("a.md", "1", 125)]
    public async Task What_holds_no_code_is_refused(string name, string content, int exitCode) =>
        Assert.Equal(exitCode, (await Assert.ThrowsAsync<CliException>(() => ReadAsync(content, name))).ExitCode);

    public void Dispose() => _folder.Dispose();

    private Task<IReadOnlyList<CodeBlock>> ReadAsync(string content, string name, string? language = null) =>
        ReplyReader.ReadAsync(_folder.Save(content, name), language, TestContext.Current.CancellationToken);
}
