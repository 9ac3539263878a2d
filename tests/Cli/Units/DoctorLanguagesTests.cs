using Glovebox.Cli.Doctor;

namespace Glovebox.Tests.Cli.Units;

/// <summary>What <c>glovebox doctor</c> makes of the versions that interpreters print.</summary>
public sealed class DoctorLanguagesTests
{
    private const string Printed = "python\tpython3\tPython 3.11.2\nbash\tbash\tGNU bash, version 5.2.15(1)-release (x86_64)\nsh\tsh\t\njavascript\tnode\tv20.1.0\n";

    [Fact]
    public void A_language_is_usable_with_its_version_or_the_hint_says_what_to_install()
    {
        DoctorLanguage[] found = [.. DoctorLanguages.Read(Printed, "bubblewrap")];
        Assert.Equal(["python", "bash", "sh", "pwsh", "javascript", "csharp"], found.Select(l => l.Name));
        Assert.Equal(["3.11.2", "5.2.15", null, null, "20.1.0", null], found.Select(l => l.Version));
        Assert.Equal([true, true, true, false, true, false], found.Select(l => l.Usable));
        Assert.Equal("Install, below /usr, PowerShell (pwsh).", found[3].Hint);
        Assert.Null(found[0].Hint);
        Assert.StartsWith("Use an image that has the .NET SDK 10", DoctorLanguages.Read(Printed, "docker")[5].Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.401", true)]
    [InlineData("11.0.100-preview.1", true)]
    [InlineData("9.0.100", false)]
    [InlineData("", false)]
    public void CSharp_needs_an_SDK_that_runs_a_program_of_one_file(string version, bool isUsable) =>
        Assert.Equal(isUsable, DoctorLanguages.Read($"csharp\tdotnet\t{version}\n", "local")[5].Usable);

    [Theory]
    [InlineData("")]
    [InlineData("python\n\t\t\nnothing\tx\t1.0\n")]
    [InlineData("python\tpython3\t3.1\tmore\n")]
    public void Anything_else_that_was_printed_is_passed_over(string printed) =>
        Assert.All(DoctorLanguages.Read(printed, "local"), l => Assert.False(l.Usable));
}
