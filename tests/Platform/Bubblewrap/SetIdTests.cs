#pragma warning disable xUnit1069 // What the tests call gives the token on.
using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>No file with set-user-id or set-group-id bits comes out of a sandbox: on the host it would make who starts it the work
/// directory's owner. The canary: without the filter, every way leads to one.</summary>
public sealed class SetIdTests
{
    private const int Longest = 120_000;

    private static ExecutorKind WithoutFilter => ExecutorKind.BubblewrapWith(new BubblewrapInternals { UsesSeccomp = false });

    private static Task<Session> StartAsync(ExecutorKind kind) => Session.StartAsync(kind, new() { TimeProvider = new RealClock() });

    [Theory(Timeout = Longest)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_way_leads_to_a_set_id_file(bool usesAgent)
    {
        await using Session session = await StartAsync(usesAgent ? ExecutorKind.Bubblewrap : ExecutorKind.BubblewrapPlain);
        CodeResult result = await session.PythonAsync(SetIdAttack.Program);
        Assert.Equal((0, "\n"), (result.ExitCode, result.Output));
        Assert.Empty(session.Folder.SetIdEntries());
        Assert.Equal(1, (await session.BashAsync("cp /bin/true ./t && chmod 6755 t")).ExitCode);
        Assert.Empty(session.Folder.SetIdEntries());
    }

    [Fact(Timeout = Longest)]
    public async Task Without_the_filter_every_way_does()
    {
        await using Session session = await StartAsync(WithoutFilter);
        CodeResult result = await session.PythonAsync(SetIdAttack.Program);
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(SetIdAttack.CertainWays.Except(result.Output.Trim().Split(' ')));
    }

    [Fact(Timeout = Longest)]
    public async Task A_file_that_has_such_bits_is_said_to_and_no_other_is()
    {
        await using Session session = await StartAsync(WithoutFilter);
        CodeResult result = await session.BashAsync("touch plain user group; chmod 4711 user; chmod 2711 group; chmod 1755 plain");
        Assert.Equal([("group", true), ("plain", false), ("user", true)], result.OutputFiles.Select(f => (f.Path, f.HasSetIdBits)));
        Assert.Contains("user (0 bytes, set-user-id: do not run it outside)", result.FormatForModel(), StringComparison.Ordinal);
        Assert.Contains("plain (0 bytes),", result.FormatForModel(), StringComparison.Ordinal);
        session.Folder.SetMode("user", "0600");
        session.Folder.SetMode("group", "0600");
        WorkspaceListing listing = await session.Executor.Workspace.ListAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(listing.Files, f => f.HasSetIdBits);
    }

    [Fact(Timeout = Longest)]
    public async Task What_the_host_writes_never_has_such_bits()
    {
        await using Session session = await StartAsync(ExecutorKind.Bubblewrap);
        File.WriteAllText(session.Folder["old"], "old");
        session.Folder.SetMode("old", "6755");
        await session.Executor.Workspace.WriteAllTextAsync("old", "new", TestContext.Current.CancellationToken);
        Assert.Empty(session.Folder.SetIdEntries());
    }

    /// <summary>What a program with capabilities of its file would be: the kernel asks for a capability that guest code never
    /// has.</summary>
    [Fact(Timeout = Longest)]
    public async Task A_guest_gives_no_file_capabilities()
    {
        const string program = """
            import os
            open('capable', 'w').close()
            try:
                os.setxattr('capable', 'security.capability', bytes.fromhex('0100000200200000000000000000000000000000'))
                print('set')
                os.removexattr('capable', 'security.capability')
            except OSError as e:
                print(e.strerror)
            """;
        await using Session session = await StartAsync(ExecutorKind.Bubblewrap);
        Assert.Equal("Operation not permitted\n", (await session.PythonAsync(program)).Output);
        if (Environment.IsPrivilegedProcess)
        {
            await using Session host = await StartAsync(ExecutorKind.Local);
            Assert.Equal("set\n", (await host.PythonAsync(program)).Output);
        }
    }

    [Theory(Timeout = Longest)]
    [InlineData("umask 0; mkdir d && chmod 1777 d && touch f && chmod 777 f && stat -c %a d f", "1777\n777\n")]
    [InlineData("cp -p /usr/bin/su . && stat -c %a su", "755\n")]
    [InlineData("cp -a /usr/bin/su . && stat -c %a su", "755\n")]
    [InlineData("install -m 755 /bin/true t && stat -c %a t", "755\n")]
    [InlineData("rsync --version >/dev/null 2>&1 || { echo 755; exit; }; rsync -a /usr/bin/su . && stat -c %a su", "755\n")]
    public async Task Programs_that_ask_for_nothing_of_the_kind_go_on(string code, string expected)
    {
        await using Session session = await StartAsync(ExecutorKind.Bubblewrap);
        CodeResult result = await session.BashAsync(code);
        Assert.Equal((0, expected), (result.ExitCode, result.Output));
    }

    [Fact(Timeout = Longest)]
    public async Task An_archive_with_a_set_id_program_is_unpacked_without_the_bits()
    {
        await using Session session = await StartAsync(ExecutorKind.Bubblewrap);
        const string pack = """
            import io, tarfile
            with tarfile.open('a.tar', 'w') as archive:
                for name, mode in (('first', 0o4755), ('second', 0o644)):
                    entry = tarfile.TarInfo(name)
                    entry.mode, entry.size = mode, 4
                    archive.addfile(entry, io.BytesIO(b'text'))
            """;
        Assert.Equal(0, (await session.PythonAsync(pack)).ExitCode);
        Assert.Equal((0, "755 644\n"), Seen(await session.BashAsync("tar -xf a.tar && echo $(stat -c %a first second); rm first second")));

        // Asked for the bits, tar says that it cannot set them, and unpacks the rest.
        CodeResult asked = await session.BashAsync("tar -xpf a.tar; code=$?; cat first second; exit $code");
        Assert.Equal((2, "texttext"), (asked.ExitCode, asked.StandardOutput));
        Assert.Contains("Operation not permitted", asked.StandardError, StringComparison.Ordinal);
        Assert.Empty(session.Folder.SetIdEntries());
    }

    [Fact(Timeout = Longest)]
    public async Task Git_pip_and_python_work()
    {
        await using Session session = await StartAsync(ExecutorKind.Bubblewrap);
        Assert.Equal((0, "755 copy\n"), Seen(await session.BashAsync("""
            set -e
            git --version >/dev/null 2>&1 || { echo 755 copy; exit; }
            mkdir repository; cd repository; git init -q .; printf '#!/bin/sh\n' > run; chmod 755 run
            git add run; git -c user.name=n -c user.email=e commit -qm first; cd ..
            git clone -q repository copy; echo $(stat -c '%a' copy/run) copy
            """)));
        Assert.Equal((0, "True 0o755\n"), Seen(await session.PythonAsync("""
            import os, shutil, tempfile, zipfile
            open('a', 'w').close(); os.chmod('a', 0o755)
            shutil.copy('a', 'b'); shutil.copytree('/etc/apt', 'tree') if os.path.isdir('/etc/apt') else None
            with tempfile.NamedTemporaryFile() as file: pass
            with zipfile.ZipFile('z.zip', 'w') as z: z.write('a')
            zipfile.ZipFile('z.zip').extractall('out')
            print(os.path.exists('out/a'), oct(os.stat('b').st_mode & 0o7777))
            """)));
    }

    private static (int ExitCode, string Output) Seen(CodeResult result) => (result.ExitCode, result.Output);
}
