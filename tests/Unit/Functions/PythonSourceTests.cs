using Glovebox.Functions.Python;

namespace Glovebox.Tests.Unit.Functions;

/// <summary>What is seen of Python source without Python.</summary>
public sealed class PythonSourceTests
{
    [Theory]
    [InlineData("def f(): pass", "f")]
    [InlineData("async def f(): pass", "f")]
    [InlineData("def  f ( ) : pass", "f")]
    [InlineData("def \\\nf(): pass", "f")]
    [InlineData("import os\n@cached\ndef f(a, b=')'): pass\ndef g(): pass", "f g")]
    [InlineData("class C:\n    def method(self): pass", "")]
    [InlineData("x = '''\ndef f(): pass\n'''", "")]
    [InlineData("x = \"\"\"\ndef f(): pass\n\"\"\"\ndef g(): pass", "g")]
    [InlineData("# def f(): pass", "")]
    [InlineData("x = [\ndef f(): pass", "")]
    [InlineData("definition = 1", "")]
    [InlineData("async\ndef f(): pass", "f")]
    [InlineData("x = 'open\ndef f(): pass", "f")]
    [InlineData("x = 'it\\'s'\ndef f(): pass", "f")]
    [InlineData("", "")]
    public void Functions_are_found_where_a_line_of_code_begins(string text, string names) =>
        Assert.Equal(names, string.Join(' ', PythonSource.Functions(text).Select(f => f.Name)));

    [Theory]
    [InlineData("def f(a: dict[str, int] = {'x': 1}) -> str: return a", "def f(a: dict[str, int] = {'x': 1}) -> str:")]
    [InlineData("def f(\n    a, # one: two\n    b=':'):\n    pass", "def f(\n    a, # one: two\n    b=':'):")]
    [InlineData("async def f(l=lambda: 1): pass", "async def f(l=lambda: 1):")]
    public void A_header_ends_at_its_own_colon(string text, string header) => Assert.Equal(header, Assert.Single(PythonSource.Functions(text)).Header);

    [Theory]
    [InlineData("def f():\n    'Adds.'", "Adds.")]
    [InlineData("def f():\n    # a comment\n    r\"Adds.\"", "Adds.")]
    [InlineData("def f():\n    '''Adds.\n\n      More.\n    Less.\n    '''", "Adds.\n\n  More.\nLess.")]
    [InlineData("def f():\n    x = 'Adds.'", "")]
    [InlineData("def f(): pass", "")]
    public void The_docstring_is_the_description(string text, string description) =>
        Assert.Equal(description, Assert.Single(PythonSource.Functions(text)).Description);

    [Theory]
    [InlineData("\n    def f():\n        pass\n", "def f():\n    pass")]
    [InlineData("\r\n\tdef f():\r\n\t\tpass", "def f():\n\tpass")]
    [InlineData("\uFEFFx = 1", "x = 1")]
    [InlineData("  a\n\n    b\n c", " a\n\n   b\nc")]
    public void Indentation_that_all_lines_have_goes(string text, string tidy) => Assert.Equal(tidy, PythonSource.Tidy(text));
}
