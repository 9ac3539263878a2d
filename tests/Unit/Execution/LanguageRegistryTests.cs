namespace Glovebox.Tests.Unit.Execution;

/// <summary>Which name means which language.</summary>
public sealed class LanguageRegistryTests
{
    [Theory]
    [InlineData("python", "python")]
    [InlineData("py", "python")]
    [InlineData("python3", "python")]
    [InlineData("Python", "python")]
    [InlineData(" PY ", "python")]
    [InlineData("bash", "bash")]
    [InlineData("sh", "sh")]
    [InlineData("shell", "sh")]
    [InlineData("pwsh", "pwsh")]
    [InlineData("powershell", "pwsh")]
    [InlineData("PS1", "pwsh")]
    [InlineData("javascript", "javascript")]
    [InlineData("js", "javascript")]
    [InlineData("node", "javascript")]
    [InlineData("csharp", "csharp")]
    [InlineData("cs", "csharp")]
    [InlineData("C#", "csharp")]
    [InlineData("dotnet", "csharp")]
    public void A_language_is_found_under_its_name_and_aliases(string given, string canonical)
    {
        Assert.Equal(canonical, LanguageRegistry.Default.Find(given)?.Name);
        Assert.Equal(new CodeBlock(canonical, "x"), LanguageRegistry.Default.Canonical(new(given, "x")));
    }

    [Theory]
    [InlineData("cobol")]
    [InlineData("")]
    [InlineData("python 3")]
    public void An_unknown_name_means_none(string name)
    {
        Assert.Null(LanguageRegistry.Default.Find(name));
        Assert.Null(LanguageRegistry.Default.Canonical(new(name, "x")));
    }

    [Fact]
    public void A_language_that_takes_another_ones_name_takes_its_aliases_too()
    {
        // Else a rule that allows the new python would let the old one run under its alias.
        LanguageRegistry registry = new([new("loud", ".loud", ["sh"], []) { Aliases = ["python"] }]);
        Assert.All(["loud", "python", "py", "python3"], name => Assert.Equal("loud", registry.Find(name)?.Name));
    }

    [Fact]
    public void A_language_that_takes_only_an_alias_leaves_the_rest()
    {
        LanguageRegistry registry = new([new("snake", ".py", ["snake"], []) { Aliases = ["py"] }]);
        Assert.Equal("snake", registry.Find("py")?.Name);
        Assert.All(["python", "python3"], name => Assert.Equal("python", registry.Find(name)?.Name));
    }

    [Fact]
    public void Of_two_that_take_an_alias_the_later_has_it()
    {
        LanguageRegistry registry = new([new("one", ".x", ["x"], []) { Aliases = ["x"] }, new("two", ".x", ["x"], []) { Aliases = ["x"] }]);
        Assert.Equal("two", registry.Find("x")?.Name);
    }

    public static TheoryData<string, CodeLanguage> Invalid => new()
    {
        { "needs a name", new(" ", ".x", ["x"], []) },
        { "needs a name", new("x", ".x", ["x"], []) { Aliases = [""] } },
        { "needs the name of a program", new("x", ".x", [], []) },
        { "needs the name of a program", new("x", ".x", ["a\0b"], []) },
        { "needs a file extension", new("x", "x", ["x"], []) },
        { "needs a file extension", new("x", ".", ["x"], []) },
        { "needs a file extension", new("x", "./x", ["x"], []) },
        { "an argument that is null or holds a NUL", new("x", ".x", ["x"], ["a\0b"]) },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void A_language_that_cannot_run_is_refused(string message, CodeLanguage language) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => new LanguageRegistry([language])).Message, StringComparison.Ordinal);
}
