namespace Glovebox.Tests.Common.Contract;

/// <summary>Which language names run what.</summary>
public abstract class LanguageConformance(ExecutorKind kind)
{
    [Theory]
    [InlineData("python", "python")]
    [InlineData(" PY ", "python")]
    [InlineData("bash", "bash")]
    [InlineData("shell", "sh")]
    public async Task A_language_runs_under_its_name_and_aliases(string given, string canonical)
    {
        await using Session session = await Session.StartAsync(kind);
        string code = canonical == "python" ? "print(42)" : "echo 42";
        CodeResult result = await session.RunAsync(new CodeBlock(given, code));
        Assert.Equal("42\n", result.Output);
        Assert.Equal(0, result.ExitCode);
        BlockResult block = Assert.Single(result.Blocks);
        Assert.Equal(canonical, block.Language);
        Assert.Equal(TerminationReason.Exited, block.Termination);

        // Who decides by the block, or keeps a record of it, sees what the language is called, and not how a model spelled it.
        Assert.Equal(canonical, block.Block.Language);
    }

    [Theory]
    [InlineData("cobol")]
    [InlineData("")]
    public async Task An_unknown_language_is_a_result_and_writes_nothing(string language)
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.RunAsync(new("bash", "echo first"), new(language, "x"), new("bash", "echo never"));
        Assert.Equal(1, result.ExitCode);
        Assert.Equal($"first\nunknown language {language}\n", result.Output);
        Assert.Equal(2, result.Blocks.Count);
        Assert.Equal(TerminationReason.NotStarted, result.Blocks[1].Termination);
        Assert.Equal(language, result.Blocks[1].Language);
        Assert.Null(result.Blocks[1].CodeFile);
        Assert.Empty(session.Entries());
    }

    [Theory]
    [InlineData("#!/bin/bash")]
    [InlineData("#!/usr/bin/env bash")]
    [InlineData("#!/bin/bash -eu\r")]
    public async Task A_block_of_sh_whose_first_line_asks_for_bash_is_one_of_bash(string shebang)
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.RunAsync(new CodeBlock("shell", shebang + "\necho y\n"));
        Assert.Equal(("y\n", "bash"), (result.Output, result.Blocks[0].Language));
        Assert.Equal("sh", (await session.RunAsync(new CodeBlock("sh", "#!/bin/sh\n# bash\n"))).Blocks[0].Language);
    }

    [Fact]
    public async Task A_block_of_data_is_skipped_where_that_is_asked_for()
    {
        await using Session session = await Session.StartAsync(
            kind, new() { Configure = o => o.SkippedLanguages = [.. LanguageRegistry.DataFormats, "python"] });
        CodeResult result = await session.RunAsync(new("JSON", "{}"), new("python", "print(1)"), new("diff", "-x"), new("cobol", "x"));
        Assert.Equal(
            [TerminationReason.Skipped, TerminationReason.Exited, TerminationReason.Skipped, TerminationReason.NotStarted],
            result.Blocks.Select(b => b.Termination));
        BlockResult data = result.Blocks[0];
        Assert.Equal((0, "", "JSON", "{}"), (data.ExitCode, data.Output, data.Language, data.Block.Code));
        Assert.Equal("1\nunknown language cobol\n", result.Output);
    }

    [Fact]
    public async Task A_language_can_be_added_with_a_choice_of_programs_and_a_place_for_the_file()
    {
        CodeLanguage language = new("Shown", ".txt", ["glovebox-no-such-program", "echo"], ["first", "{file}", "last"]) { Aliases = ["show"] };
        await using Session session = await Session.StartAsync(kind, new() { Languages = [language] });
        Assert.Equal("first x.txt last\n", (await session.RunAsync(new CodeBlock("SHOWN", "# filename: x.txt\n"))).Output);
        CodeResult result = await session.RunAsync(new CodeBlock("show", "hello"));
        Assert.Equal($"first {result.CodeFile} last\n", result.Output);
    }

    [Fact]
    public async Task An_added_language_replaces_the_one_that_has_its_name_with_all_its_aliases()
    {
        await using Session session = await Session.StartAsync(
            kind, new() { Languages = [new("loud", ".loud", ["sh"], []) { Aliases = ["python", "bash"] }] });
        CodeResult result = await session.RunAsync(new("python", "echo sh"), new("py", "echo py"));
        Assert.Equal("sh\npy\n", result.Output);

        // Else a rule that allows the new python would let the old one run.
        Assert.Equal(["loud", "loud"], result.Blocks.Select(b => b.Language));
    }
}
