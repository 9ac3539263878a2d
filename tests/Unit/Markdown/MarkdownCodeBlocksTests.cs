namespace Glovebox.Tests.Unit.Markdown;

public sealed class MarkdownCodeBlocksTests
{
    [Theory]
    [InlineData("```python\nprint(1)\n```", "python", "print(1)\n")]
    [InlineData("~~~bash\nls\n~~~", "bash", "ls\n")]
    [InlineData("`````python\nx\n`````", "python", "x\n")]
    [InlineData("~~~~~~~python\nx\n~~~~~~~~~", "python", "x\n")]
    [InlineData("```PYTHON\nx\n```", "python", "x\n")]
    [InlineData("```python   \nx\n```   \n", "python", "x\n")]
    [InlineData("``` python\nx\n```", "python", "x\n")]
    [InlineData("```python title=\"x.py\"\nx\n```", "python", "x\n")]
    [InlineData("```python{1,3}\nx\n```", "python", "x\n")]
    [InlineData("```{python}\nx\n```", "python", "x\n")]
    [InlineData("```{.python .numberLines}\nx\n```", "python", "x\n")]
    [InlineData("```py\nx\n```", "py", "x\n")]
    [InlineData("```python3\nx\n```", "python3", "x\n")]
    [InlineData("```ps1\nx\n```", "ps1", "x\n")]
    [InlineData("```c#\nx\n```", "c#", "x\n")]
    [InlineData("```python\r\na\r\nb\r\n```\r\n", "python", "a\nb\n")]
    [InlineData("```python\nx\n\n  y\n", "python", "x\n\n  y\n")]
    [InlineData("   ```python\n   if x:\n       y\n   ```", "python", "if x:\n    y\n")]
    [InlineData("      ```python\n      if x:\n          y\n      ```\nafter", "python", "if x:\n    y\n")]
    [InlineData("Text:\n    ```python\n    a\n\n    b\n    ```\nafter", "python", "a\n\nb\n")]
    [InlineData("1. First:\n\n   ```python\n   x\n   ```\n", "python", "x\n")]
    [InlineData("- a\n  - b\n\n    ```sh\n    x\n      y\n    ```\n", "sh", "x\n  y\n")]
    [InlineData("> ```python\n> x\n> ```\n", "python", "x\n")]
    [InlineData("\uFEFF```python\nx\n```", "python", "x\n")]
    [InlineData("Text\n```python\nx\n```", "python", "x\n")]
    [InlineData("```python\n```", "python", "")]
    [InlineData("<div>\n```python\nx\n```\n</div>", "python", "x\n")]
    public void A_fence_gives_its_language_and_code(string markdown, string language, string code) =>
        Assert.Equal([new CodeBlock(language, code)], MarkdownCodeBlocks.Extract(markdown));

    [Fact]
    public void A_fence_inside_a_longer_one_is_text() =>
        Assert.Equal(
            [new CodeBlock("markdown", "```python\nx\n```\n")],
            MarkdownCodeBlocks.Extract("````markdown\n```python\nx\n```\n````\n"));

    [Fact]
    public void A_tilde_fence_holds_backticks() =>
        Assert.Equal([new CodeBlock("python", "```\n")], MarkdownCodeBlocks.Extract("~~~python\n```\n~~~"));

    [Theory]
    [InlineData("")]
    [InlineData("No code.")]
    [InlineData("```\nno language\n```")]
    [InlineData("Some `inline` code, and ``` of it.")]
    [InlineData("``python\nx\n``")]
    public void Without_a_fence_that_names_a_language_there_are_no_blocks(string markdown) => Assert.Empty(MarkdownCodeBlocks.Extract(markdown));

    [Fact]
    public void Blocks_come_in_order() =>
        Assert.Equal(
            ["python", "bash", "sh"],
            MarkdownCodeBlocks.Extract("```python\n1\n```\ntext\n```bash\n2\n```\n~~~sh\n3\n").Select(b => b.Language));

    [Theory]
    [InlineData("`")]
    [InlineData("~")]
    [InlineData("```python\n")]
    [InlineData("> ")]
    [InlineData("- ")]
    [InlineData("    ```a\n")]
    public void Hostile_text_of_a_megabyte_is_read(string piece)
    {
        string markdown = string.Concat(Enumerable.Repeat(piece, (1 << 20) / piece.Length));
        Assert.InRange(MarkdownCodeBlocks.Extract(markdown).Count, 0, markdown.Length);
    }
}
