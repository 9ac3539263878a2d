using Glovebox.Languages;

namespace Glovebox.Tests.Unit.Execution;

/// <summary>Under which name a block's code is saved.</summary>
public sealed class CodeFileNameTests
{
    private static readonly Guid Owner = Guid.NewGuid();

    [Theory]
    [InlineData("# filename: x.py\nprint(1)", "x.py")]
    [InlineData("#filename:x.py\nprint(1)", "x.py")]
    [InlineData("\n \n\t# filename: x.py\nprint(1)", "x.py")]
    [InlineData("\r\n# filename: x.py\r\nprint(1)\r\n", "x.py")]
    [InlineData("\uFEFF# filename: x.py\nprint(1)", "x.py")]
    [InlineData("# Filename: x.py   \nprint(1)", "x.py")]
    [InlineData("# filename: sub/deep/x.py\nprint(1)", "sub/deep/x.py")]
    [InlineData("# filename: a:b.py\nprint(1)", "a:b.py")]
    [InlineData("# filename: -c.py\nprint(1)", "-c.py")]
    [InlineData("# filename: with blank.py\nprint(1)", "with blank.py")]
    [InlineData("# filename: grün.py\nprint(1)", "grün.py")]
    [InlineData("# filename: ./sub/../x.py\nprint(1)", "x.py")]
    [InlineData("# filename: ..x.py\nprint(1)", "..x.py")]
    [InlineData("# filename: no-extension\nprint(1)", "no-extension")]
    [InlineData("# filename: \"x y.py\"\nprint(1)", "x y.py")]
    [InlineData("# filename: 'x.py'  \nprint(1)", "x.py")]
    [InlineData("# filename: `x.py`\nprint(1)", "x.py")]
    [InlineData("# filename: \"x.py\nprint(1)", "\"x.py")]
    [InlineData("#!/usr/bin/env python3\n# filename: x.py\nprint(1)", "x.py")]
    [InlineData("\uFEFF#!/bin/python\r\n\r\n# filename: x.py\r\nprint(1)", "x.py")]
    [InlineData("# filename: /workspace/sub/x.py\nprint(1)", "sub/x.py")]
    [InlineData("# filename: \"/workspace//x.py\"\nprint(1)", "x.py")]
    public void A_first_comment_line_names_the_file(string code, string name) =>
        Assert.Equal(new CodeFileName(name, IsTemporary: false), CodeFileName.Choose(code, CodeLanguage.Python, Owner, "/workspace"));

    [Theory]
    [InlineData("../x.py")]
    [InlineData("sub/../../x.py")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("folder/")]
    [InlineData("/tmp/x.py")]
    [InlineData("/workspace/../x.py")]
    [InlineData("/workspace/")]
    [InlineData("/workspace")]
    [InlineData("/workspaces/x.py")]
    [InlineData("\"/tmp/x.py\"")]
    [InlineData("a\0b.py")]
    [InlineData(@"caf\xE9.py")]
    [InlineData(@"caf\x5C.py")]
    public void A_name_that_leads_outside_is_refused(string name) =>
        Assert.Throws<WorkspaceException>(() => CodeFileName.Choose($"# filename: {name}\nprint(1)", CodeLanguage.Python, Owner, "/workspace"));

    [Theory]
    [InlineData("print(1)\n# filename: x.py")]
    [InlineData("# a comment\n# filename: x.py")]
    [InlineData("// filename: x.py")]
    [InlineData("filename: x.py")]
    [InlineData("\n#!/bin/sh\n# filename: x.py")]
    [InlineData("#!/bin/sh\nprint(1)\n# filename: x.py")]
    [InlineData("# file name: x.py")]
    [InlineData("")]
    public void Anything_else_is_code_and_gets_a_temporary_name(string code)
    {
        CodeFileName name = CodeFileName.Choose(code, CodeLanguage.Python, Owner, "/workspace");
        Assert.True(name.IsTemporary);
        Assert.Matches("^tmp_code_[0-9a-f]{32}\\.py$", name.Path);
    }

    [Theory]
    [InlineData("javascript", "// filename: x", true)]
    [InlineData("javascript", "# filename: x", false)]
    [InlineData("csharp", "// filename: x", true)]
    [InlineData("bash", "# filename: x", true)]
    [InlineData("pwsh", "# filename: x", true)]
    public void A_comment_is_what_the_language_says(string language, string code, bool isName) =>
        Assert.Equal(!isName, CodeFileName.Choose(code, LanguageRegistry.Default.Find(language)!, Owner, "/workspace").IsTemporary);

    [Fact]
    public void An_absolute_name_is_refused_where_the_work_directory_is_unknown() =>
        Assert.Throws<WorkspaceException>(() => CodeFileName.Choose("# filename: /x.py", CodeLanguage.Python, Owner, null));

    [Fact]
    public void A_temporary_name_depends_on_the_code_the_language_and_the_executor()
    {
        string name = CodeFileName.Choose("1", CodeLanguage.Python, Owner, "/workspace").Path;
        Assert.Equal(name, CodeFileName.Choose("1", CodeLanguage.Python, Owner, "/workspace").Path);
        Assert.NotEqual(name, CodeFileName.Choose("2", CodeLanguage.Python, Owner, "/workspace").Path);
        Assert.NotEqual(name, CodeFileName.Choose("1", CodeLanguage.Python, Guid.NewGuid(), "/workspace").Path);
        Assert.EndsWith(".sh", CodeFileName.Choose("1", CodeLanguage.Bash, Owner, "/workspace").Path, StringComparison.Ordinal);
    }
}
