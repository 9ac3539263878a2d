namespace Glovebox.Tests.Unit.Markdown;

/// <summary>What models write that CommonMark reads otherwise, or says nothing of.</summary>
public sealed class RepliesOfModelsTests
{
    public static TheoryData<string, string, string, string> Cases => new()
    {
        { "code in a list that is not indented", "1. Run:\n   ```python\nif x:\n    y\n   ```\n", "python", "if x:\n    y\n" },
        { "code in a list that is indented less", "- Run:\n\n    ```python\n  if x:\n      y\n    ```\n", "python", "if x:\n    y\n" },
        { "code in a nested list that is not indented", "- a\n  1. b\n     ```sh\nls\n     ```\nafter", "sh", "ls\n" },
        { "a list whose closing fence is not indented", "1. Run:\n   ```python\nprint(1)\n```\nafter", "python", "print(1)\n" },
        { "an item that begins with a fence", "- ```python\n  x\n  ```\n", "python", "x\n" },
        { "a numbered item that begins with a fence", "1. ```python\n   x\n   ```\n", "python", "x\n" },
        { "an unclosed fence in a list, which ends with it", "- Run:\n  ```python\n  x\n\nThat is all.\n", "python", "x\n\n" },
        { "a here-document in a list, which cannot be indented", "- a\n  ```sh\n  cat <<EOF\nb\nEOF\n  ```\n", "sh", "cat <<EOF\nb\nEOF\n" },
        { "a list in a quote", "> - a\n>   ```python\n>   x\n>   ```\n", "python", "x\n" },
        { "a quote in a list", "- > ```python\n  > x\n  > ```\n", "python", "x\n" },
        { "a quote that ends before its fence", "> ```python\n> x\nafter\n", "python", "x\n" },
        { "a fence that a tab indents", "\t```python\n\tif x:\n\t    y\n\t```\n", "python", "if x:\n    y\n" },
        { "a fence that a tab indents in a list", "1. Run:\n\t```python\n\tprint(1)\n\t```\n", "python", "print(1)\n" },
        { "a tab inside code", "```python\nif x:\n\ty\n```\n", "python", "if x:\n\ty\n" },
        { "a closing fence at the end of the last line", "```python\nprint(1)```", "python", "print(1)\n" },
        { "the same before text", "```python\nx = 1\nprint(1)```\nIt prints 1.\n", "python", "x = 1\nprint(1)\n" },
        { "the same of tildes", "~~~bash\nls~~~\n", "bash", "ls\n" },
        { "the same in a list", "- a\n  ```python\n  print(1)```\n", "python", "print(1)\n" },
        { "the same before a fence without a language", "```python\nprint(1)```\nprints\n```\n1\n```\n", "python", "print(1)\n" },
        { "a line of a string that ends with a fence", "```python\nx = '''a```\n'''\n```\n", "python", "x = '''a```\n'''\n" },
        { "a comment that ends with a fence", "```python\n# as in ```\nx\n```\n", "python", "# as in ```\nx\n" },
        { "a line that ends with a fence in a closed block", "```bash\necho a\\```\nls\n```\n", "bash", "echo a\\```\nls\n" },
        { "a file name", "```python:app.py\nprint(1)\n```", "python", "# filename: app.py\nprint(1)\n" },
        { "a file name in a folder", "```js:src/app.js title=\"x\"\n1\n```", "js", "// filename: src/app.js\n1\n" },
        { "a file name before a shebang", "```bash:run.sh\n#!/bin/bash\nls\n```", "bash", "#!/bin/bash\n# filename: run.sh\nls\n" },
        { "a version", "```python:3.12\nx\n```", "python", "x\n" },
        { "an attribute of Pandoc", "```{#id .python}\nx\n```", "python", "x\n" },
        { "several classes of Pandoc", "```{.numberLines .python startFrom=\"1\"}\nx\n```", "python", "x\n" },
        { "a class of an unknown language", "```{.ruby .numberLines}\nx\n```", "ruby", "x\n" },
        { "a title", "```python title=\"x\"\nx\n```", "python", "x\n" },
        { "options of knitr", "```{python, echo=FALSE}\nx\n```", "python", "x\n" },
        { "old line ends", "```python\ra\rb\r```\r", "python", "a\nb\n" },
        { "a draft", "<think>\n```python\ndraft\n```\n</think>\n```python\nx\n```\n", "python", "x\n" },
        { "a draft of the other name", "<thinking>a\n```python\ndraft\n```\n</thinking>\n\n```python\nx\n```\n", "python", "x\n" },
        { "a draft in one line", "<think>a</think>\n```python\nx\n```\n", "python", "x\n" },
        { "a fence after the end of a draft", "<think>\na</think>```python\nx\n```\n", "python", "x\n" },
        { "a draft whose fence is not closed", "<think>\n```python\ndraft\n</think>\n```python\nx\n```\n", "python", "x\n" },
        { "a draft that began in the prompt", "maybe\n```python\ndraft\n```\n</think>\n\n```python\nx\n```\n", "python", "x\n" },
        { "a tag in code", "```python\nprint('''\n<think>\n''')\n```\n", "python", "print('''\n<think>\n''')\n" },
        {
            "a fence in a here-document",
            "```bash\ncat > a.md <<'EOF'\n```\npip\n```\nEOF\nls\n```\nafter\n",
            "bash",
            "cat > a.md <<'EOF'\n```\npip\n```\nEOF\nls\n"
        },
        {
            "a fence with a language in a here-document",
            "```sh\ncat <<EOF\n```python\nx\n```\nEOF\n```\n",
            "sh",
            "cat <<EOF\n```python\nx\n```\nEOF\n"
        },
        {
            "a fence in a here-document that ignores tabs",
            "```bash\ncat <<-END\n\t```\n```\n\tEND\nls\n```\n",
            "bash",
            "cat <<-END\n\t```\n```\n\tEND\nls\n"
        },
        {
            "a fence in a here-document in quotes",
            "```bash\ngit commit -m \"$(cat <<'EOF'\n```\na\n```\nEOF\n)\"\n```\n",
            "bash",
            "git commit -m \"$(cat <<'EOF'\n```\na\n```\nEOF\n)\"\n"
        },
        {
            "a fence in a triple-quoted string",
            "```python\nx = \"\"\"\n```\na\n```\n\"\"\"\nprint(x)\n```\n",
            "python",
            "x = \"\"\"\n```\na\n```\n\"\"\"\nprint(x)\n"
        },
        {
            "a fence in a triple-quoted string of apostrophes",
            "```py\nx = '''it's\n```\n'''\n```\n",
            "py",
            "x = '''it's\n```\n'''\n"
        },
        {
            "a fence in a raw string of C#",
            "```csharp\nvar x = \"\"\"\"\n```\n\"\"\"\n```\n\"\"\"\";\n```\n",
            "csharp",
            "var x = \"\"\"\"\n```\n\"\"\"\n```\n\"\"\"\";\n"
        },
        {
            "a fence in a here-string of PowerShell",
            "```pwsh\n$x = @\"\n```\n\"@\n```\n",
            "pwsh",
            "$x = @\"\n```\n\"@\n"
        },
        { "a here-document without an end", "```bash\ncat <<EOF\na\n```\nafter\n", "bash", "cat <<EOF\na\n" },
        { "a string without an end", "```python\nx = '''\n```\nafter\n", "python", "x = '''\n" },
        { "quotes in a comment", "```python\n# '''\nx\n```\n'''\n```\n", "python", "# '''\nx\n" },
        { "quotes in a string", "```python\nx = \"'''\"\n```\n'''\n```\n", "python", "x = \"'''\"\n" },
        { "an escaped quote", "```python\nx = 'a\\'''b'\n```\n", "python", "x = 'a\\'''b'\n" },
        { "a here-string of bash", "```bash\ncat <<<EOF\n```\nEOF\n```\n", "bash", "cat <<<EOF\n" },
        { "a calculation of bash", "```bash\necho $((x << y))\n```\ny\n```\n", "bash", "echo $((x << y))\n" },
        { "a here-document in a comment", "```bash\n# cat <<EOF\nls\n```\nEOF\n```\n", "bash", "# cat <<EOF\nls\n" },
        { "a here-document in a string", "```bash\necho '<<EOF'\n```\nEOF\n```\n", "bash", "echo '<<EOF'\n" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_reply_has_the_block_that_is_meant(string what, string markdown, string language, string code) =>
        Assert.True(
            MarkdownCodeBlocks.Extract(markdown).SequenceEqual([new CodeBlock(language, code)]),
            $"{what}: {string.Join(", ", MarkdownCodeBlocks.Extract(markdown))}");

    [Theory]
    [InlineData("<think>\n```python\nx\n```\n")]
    [InlineData("```python\nx\n```\n</think>\n")]
    [InlineData("```python\nx\n```\nSo far the draft.</thinking>\n")]
    public void A_draft_alone_has_no_blocks(string markdown) => Assert.Empty(MarkdownCodeBlocks.Extract(markdown));

    [Theory]
    [InlineData("```python\nx```\n```bash\nls\n```\n", "x\n", "ls\n")]
    [InlineData("```python\nx\n```\n</div>\n```bash\nls\n```\n", "x\n", "ls\n")]
    [InlineData("- a\n  ```python\n  x\n\nText\n```bash\nls\n```\n", "x\n\n", "ls\n")]
    [InlineData("```python\nx = '''\n```\nText\n```bash\nls\n```\n", "x = '''\n", "ls\n")]
    [InlineData("1. a\n   ```python\nx\n   ```\n2. b\n   ```python\ny\n   ```\n", "x\n", "y\n")]
    public void Each_of_two_blocks_ends_where_it_should(string markdown, string first, string second) =>
        Assert.Equal([first, second], MarkdownCodeBlocks.Extract(markdown).Select(b => b.Code));

    [Theory]
    [InlineData("```python\nprint(1)\n```", "print(1)\n")]
    [InlineData("\n ```\nprint(1)\n```  \n", "print(1)\n")]
    [InlineData("~~~py\nprint(1)\n~~~", "print(1)\n")]
    [InlineData("```python\nprint(1)", "print(1)\n")]
    [InlineData("```python\nprint(1)```", "print(1)\n")]
    [InlineData("```python:app.py\nprint(1)\n```", "# filename: app.py\nprint(1)\n")]
    [InlineData("print(1)", "print(1)")]
    [InlineData("  print(1)\n", "  print(1)\n")]
    [InlineData("```python\nprint(1)\n```\nand more", "```python\nprint(1)\n```\nand more")]
    [InlineData("Code:\n```python\nprint(1)\n```", "Code:\n```python\nprint(1)\n```")]
    [InlineData("x = 1\n```", "x = 1\n```")]
    [InlineData("", "")]
    public void A_fence_around_the_whole_code_is_taken_off(string given, string code) => Assert.Equal(code, MarkdownCodeBlocks.Unfence(given));

    [Theory]
    [InlineData("<think>")]
    [InlineData("</think>")]
    [InlineData("<think>\n")]
    [InlineData("<think></think>")]
    [InlineData("```python\nx = '''\n```\n")]
    [InlineData("```bash\ncat <<EOF\n```\n")]
    [InlineData("```python\nx```\n")]
    [InlineData("- ```python\n  x\ny\n")]
    [InlineData("```python:a.py\n")]
    [InlineData("> > - 1. ")]
    [InlineData("'\"\\")]
    [InlineData("```sh\n<<<<<<<<")]
    [InlineData("```\n")]
    public void Hostile_text_of_a_megabyte_is_read_in_time(string piece)
    {
        string markdown = "```bash\ncat <<E\n" + string.Concat(Enumerable.Repeat(piece, (1 << 20) / piece.Length));
        Assert.InRange(MarkdownCodeBlocks.Extract(markdown).Count, 0, markdown.Length);
        Assert.InRange(MarkdownCodeBlocks.Extract(markdown[16..]).Count, 0, markdown.Length);
    }
}
