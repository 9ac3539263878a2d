using System.Diagnostics;
using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Bubblewrap;

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

    [Fact(Timeout = 60_000)]
    public async Task One_in_the_work_directory_is_not_run()
    {
        using TestFolder folder = new();
        Directory.CreateDirectory(folder["work/.venv/bin"]);
        await File.WriteAllTextAsync(folder["work/.venv/bin/bwrap"], $"#!/bin/sh\ntouch {folder["ran"]}\necho bubblewrap 9.9.9\n", TestContext.Current.CancellationToken);
        folder.SetMode("work/.venv/bin/bwrap", "755");
        File.CreateSymbolicLink(folder["link"], folder["work/.venv"]);
        foreach (string place in new[] { folder["work/.venv/bin"], folder["link/bin"] })
        {
            SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(
                () => BubblewrapProgram.FindAsync(place, folder["work"], TestContext.Current.CancellationToken));
            Assert.Equal("bubblewrap-unavailable", e.Code);
            Assert.False(File.Exists(folder["ran"]));
        }

        // The canary: elsewhere it is.
        Assert.Equal(new Version(9, 9, 9), (await BubblewrapProgram.FindAsync(folder["link/bin"], folder["ran"], TestContext.Current.CancellationToken)).Version);
        Assert.True(File.Exists(folder["ran"]));
    }

    [Fact]
    public async Task What_lies_in_the_current_directory_starts_no_sandbox()
    {
        // .NET looks there before it looks on PATH, and a server may have been started in the work directory. What lies there runs the real
        // program, for the tests beside this one.
        using TestFolder folder = new();
        folder.SetMode("", "777");
        string[] names = ["bwrap", "setpriv", "setsid"];
        try
        {
            foreach (string name in names)
            {
                string script = $"#!/bin/sh\n: >'{folder["ran"]}'\nexec /usr/bin/{name} \"$@\"\n";
                await File.WriteAllTextAsync(folder[name], script, TestContext.Current.CancellationToken);
                folder.SetMode(name, "755");
                File.CreateSymbolicLink(name, folder[name]);
            }

            foreach (ExecutorKind kind in new[] { ExecutorKind.Bubblewrap, ExecutorKind.BubblewrapPlain })
            {
                await using Session session = await Session.StartAsync(kind);
                Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
            }

            Assert.False(File.Exists(folder["ran"]));

            // The canary: started by its name alone, it runs.
            using Process process = Process.Start("setsid", "true");
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(File.Exists(folder["ran"]));
        }
        finally
        {
            Array.ForEach(names, File.Delete);
        }
    }
}
