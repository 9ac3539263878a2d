namespace Glovebox.Tests;

public sealed class WorkspacePathTests
{
    [Theory]
    [InlineData("a.py", "a.py")]
    [InlineData("./a.py", "a.py")]
    [InlineData("sub//x.py", "sub/x.py")]
    [InlineData("sub/../x.py", "x.py")]
    [InlineData("a:b.py", "a:b.py")]
    [InlineData("-c.py", "-c.py")]
    public void A_path_inside_is_tidied(string path, string expected) => Assert.Equal(expected, WorkspacePath.Normalize(path));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x.py")]
    [InlineData("sub/../../x.py")]
    [InlineData("/etc/passwd")]
    [InlineData("a\0b")]
    [InlineData("folder/")]
    public void A_path_that_names_no_file_inside_is_refused(string path) =>
        Assert.True(Assert.Throws<WorkspaceException>(() => WorkspacePath.Normalize(path)).IsPathRefused);

    [Fact]
    public void A_name_longer_than_the_file_system_takes_is_an_error_that_says_so() =>
        Assert.Contains("too long", Assert.Throws<WorkspaceException>(() => WorkspacePath.Normalize(new string('x', 256))).Message, StringComparison.Ordinal);
}
