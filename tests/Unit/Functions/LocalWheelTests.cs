using Glovebox.Functions.Setup;

namespace Glovebox.Tests.Unit.Functions;

/// <summary>Which requirements are paths of wheels.</summary>
public sealed class LocalWheelTests
{
    [Theory]
    [InlineData("/opt/x-1.0-py3-none-any.whl", "/opt/x-1.0-py3-none-any.whl", "")]
    [InlineData("/opt/a@b/x.whl[more] ; python_version>'3'", "/opt/a@b/x.whl", "[more] ; python_version>'3'")]
    [InlineData("/opt/../x.WHL", "/x.WHL", "")]
    public void A_path_of_a_wheel_is_one(string package, string path, string rest)
    {
        LocalWheel? wheel = LocalWheel.Of(package);
        Assert.Equal(new LocalWheel(path, rest), wheel);
        Assert.Equal("/tmp/y.whl" + rest, wheel!.At(_ => "/tmp/y.whl"));
    }

    [Theory]
    [InlineData("./x.whl")]
    [InlineData("wheels/../x.whl")]
    [InlineData("x.whl")]
    public void A_relative_path_begins_at_the_current_directory(string package) =>
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "x.whl"), LocalWheel.WithFullPath(package));

    [Theory]
    [InlineData("pandas")]
    [InlineData("requests>=2.31")]
    [InlineData("/opt/source")]
    [InlineData("/opt/x.tar.gz")]
    [InlineData("/opt/x.whl/source")]
    [InlineData("https://example.com/x.whl")]
    [InlineData("file:///opt/x.whl")]
    [InlineData("x @ file:///opt/x.whl")]
    [InlineData("x @ https://example.com/x.whl")]
    public void Anything_else_is_none(string package)
    {
        Assert.Null(LocalWheel.Of(package));
        Assert.Equal(package, LocalWheel.WithFullPath(package));
    }

    [Theory]
    [InlineData("missing.whl", "No such file or directory")]
    [InlineData("folder.whl", "it is no file")]
    public void A_wheel_that_cannot_be_read_is_named_with_the_reason(string name, string reason)
    {
        using TestFolder folder = new();
        Directory.CreateDirectory(folder["folder.whl"]);
        FunctionSetupException e = Assert.Throws<FunctionSetupException>(() => LocalWheel.Of(folder[name])!.Open());
        Assert.Contains(folder[name], e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }
}
