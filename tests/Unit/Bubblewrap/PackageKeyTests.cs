using Glovebox.Functions.Setup;
using Glovebox.Sandboxes.Bubblewrap;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Tests.Unit.Bubblewrap;

/// <summary>Installations of one key come to the same; where no key would say enough there is none.</summary>
public sealed class PackageKeyTests : IDisposable
{
    /// <summary>Any program of the system stands for an interpreter.</summary>
    private const string Python = "/bin/sh";

    private readonly WheelIndex _index = new();

    public void Dispose() => _index.Dispose();

    [Fact]
    public void The_same_again_has_the_same_key() => Assert.Equal(Key(["a", "b"]), Key(["a", "b"]));

    [Fact]
    public void All_that_decides_what_is_installed_is_in_the_key()
    {
        string?[] keys =
        [
            Key(["a"]),
            Key(["a", "b"]),
            Key(["a=b"]),
            Key(["a"], python: "/bin/cat"),
            Key(["a"], readOnlyPaths: ["/opt/x"]),
            Key(["a"], hasNetwork: false),
            Key(["a"], variables: ("PIP_PRE", "1")),
            Key(["a"], setup: ("PIP_PRE", "1")),
            Key(["a"], setup: ("PIP_INDEX_URL", "https://user:one@example.com/")),
            Key(["a"], setup: ("PIP_INDEX_URL", "https://user:two@example.com/")),
            Key(["a"], setup: ("PIP_FIND_LINKS", "https://example.com/")),
            Key(["a"], setup: ("PIP_FIND_LINKS", _index.Path)),
        ];
        Assert.All(keys, Assert.NotNull);
        Assert.Distinct(keys);
    }

    [Fact]
    public void No_variable_is_in_clear_text() =>
        Assert.Matches("^[0-9A-F]{64}$", Key(["a"], setup: ("PIP_INDEX_URL", "https://user:one@example.com/")));

    [Fact]
    public void A_wheel_counts_by_its_content()
    {
        string wheel = Path.Combine(_index.Path, "gb_tool-1.0-py3-none-any.whl");
        string?[] Keys() => [Key([wheel]), Key(["gb_tool"], setup: ("PIP_FIND_LINKS", _index.Path))];
        File.WriteAllText(wheel, "one");
        string?[] one = Keys();
        File.SetLastWriteTimeUtc(wheel, DateTime.UnixEpoch);
        Assert.Equal(one, Keys());
        File.WriteAllText(wheel, "two");
        File.SetLastWriteTimeUtc(wheel, DateTime.UnixEpoch);
        string?[] two = Keys();
        Assert.All(one, Assert.NotNull);
        Assert.Empty(one.Intersect(two));
    }

    [Theory]
    [InlineData("gb_tool @ https://example.com/gb_tool-1.0-py3-none-any.whl")]
    [InlineData("gb_tool@https://example.com/gb_tool-1.0-py3-none-any.whl")]
    [InlineData("https://example.com/gb_tool-1.0-py3-none-any.whl")]
    [InlineData("git+https://example.com/gb_tool")]
    [InlineData("/opt/gb_tool")]
    [InlineData("./gb_tool")]
    [InlineData("..")]
    [InlineData("/opt/gb_tool-1.0.tar.gz")]
    [InlineData("file:///opt/gb_tool-1.0-py3-none-any.whl")]
    public void An_address_and_a_source_have_no_key(string package) => Assert.Null(Key(["gb_base", package]));

    [Theory]
    [InlineData("PIP_CONSTRAINT", "/opt/constraints.txt")]
    [InlineData("PIP_REQUIREMENT", "https://example.com/requirements.txt")]
    [InlineData("PIP_CONFIG_FILE", "/opt/pip.conf")]
    [InlineData("pip_editable", "/opt/source")]
    [InlineData("PIP_FIND_LINKS", "/var/tmp/glovebox-nothing-here")]
    [InlineData("PIP_FIND_LINKS", "wheels")]
    [InlineData("PIP_FIND_LINKS", "/usr/../usr%20")]
    public void A_variable_that_names_what_may_change_leaves_no_key(string name, string value)
    {
        Assert.Null(Key(["a"], setup: (name, value)));
        Assert.Null(Key(["a"], variables: (name, value)));
    }

    [Theory]
    [InlineData("PYTHONPATH", "/opt")]
    [InlineData("LD_PRELOAD", "x.so")]
    public void A_variable_that_brings_other_code_leaves_no_key(string name, string value) =>
        Assert.Null(Key(["a"], variables: (name, value)));

    [Fact]
    public void A_page_of_links_leaves_no_key()
    {
        File.WriteAllText(Path.Combine(_index.Path, "index.html"), "");
        Assert.Null(Key(["a"], setup: ("PIP_FIND_LINKS", _index.Path)));
    }

    [Fact]
    public void An_interpreter_that_a_guest_may_have_written_leaves_no_key()
    {
        string python = Path.Combine(_index.Path, "python3");
        File.WriteAllText(python, "");
        Assert.Null(Key(["a"], python));
    }

    private static string? Key(
        string[] packages,
        string python = Python,
        string[]? readOnlyPaths = null,
        bool hasNetwork = true,
        (string Name, string Value)? variables = null,
        (string Name, string Value)? setup = null)
    {
        BubblewrapCommandLineCodeExecutorOptions options = new();
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        if (variables is { } variable)
        {
            all[variable.Name] = variable.Value;
        }

        if (setup is { } ofSetup)
        {
            options.SetupEnvironment[ofSetup.Name] = ofSetup.Value;
        }

        OfferedFunctions offered = OfferedFunctions.Of(
            new FunctionSet("functions", [], packages), options, NullLogger.Instance, TimeProvider.System)!;
        return PackageKey.Of(offered, python, all, readOnlyPaths ?? [], hasNetwork);
    }
}
