using Glovebox.Environments.Bubblewrap;

namespace Glovebox.Tests.Bubblewrap;

/// <summary>Where <c>bwrap</c> is looked for: it runs on the host, so guest code must not be able to put it there.</summary>
public sealed class BubblewrapProgramTests
{
    [Fact]
    public void The_systems_own_comes_before_one_on_the_path_and_a_relative_folder_is_none()
    {
        Assert.Equal(
            ["/usr/bin/bwrap", "/bin/bwrap", "/work/.venv/bin/bwrap", "/opt/bin/bwrap"],
            BubblewrapProgram.Places(".:bin::/work/.venv/bin:/usr/bin:../x:/opt/bin:/bin"));

        // The canary: where the system has none, the other is found.
        Assert.Equal(["/work/.venv/bin/bwrap"], BubblewrapProgram.Places(".:/work/.venv/bin"));
    }
}
