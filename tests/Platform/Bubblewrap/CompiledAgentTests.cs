using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>What is kept for the whole process is looked at and changed: any sandbox of another test that cannot start would have it
/// forgotten.</summary>
[CollectionDefinition("Compiled agents", DisableParallelization = true)]
public sealed class CompiledAgentCollection;

/// <summary>The agent's compiled program: made once for each Python, kept where no guest can reach it, and done without where it is of no
/// use.</summary>
[Collection("Compiled agents")]
public sealed class CompiledAgentTests
{
    private const string AgentFile = "/run/glovebox/agent.py";

    /// <summary>Tells whether the agent's file is compiled, and for this Python.</summary>
    private const string IsCompiled = $"import importlib.util; print(open('{AgentFile}', 'rb').read(4) == importlib.util.MAGIC_NUMBER)";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_later_session_starts_from_what_an_earlier_one_has_compiled()
    {
        await using Session first = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        await using Session second = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        Assert.Equal("True\n", (await second.PythonAsync(IsCompiled)).Output);
        await first.Executor.RestartAsync(Ct);
        Assert.Equal("True\n", (await first.PythonAsync(IsCompiled)).Output);
    }

    [Fact]
    public async Task Guest_code_cannot_change_it()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        string python = (await session.PythonAsync("import sys; print(sys.executable)")).Output.TrimEnd();
        byte[] before = CompiledAgents.Find(python)!;
        const string attack = GuestAttacks.Prelude + """
            open('agent.py', 'wb').close(); os.mkdir('folder')
            def attack(file, folder):
                print(*[tried(action) for action in (
                    lambda: open(file, 'ab').close(), lambda: os.chmod(file, 0o666), lambda: os.rename(file, file + '.old'), lambda: open(folder + '/new', 'wb').close())])
            attack('/run/glovebox/agent.py', '/run/glovebox')
            attack('agent.py', 'folder')
            """;
        string[] lines = (await session.PythonAsync(attack)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines[0].Split(' '), refusal => Assert.Contains(refusal, (string[])["EACCES", "EPERM", "EROFS", "EBUSY"]));

        // The canary: what is the guest's own, it can change.
        Assert.Equal("OK OK OK OK", lines[1]);
        Assert.Equal(before, CompiledAgents.Find(python));
    }

    [Fact]
    public void What_an_interpreter_sends_that_a_guest_could_have_changed_is_not_kept()
    {
        // A guest writes the program itself, or the modules beside a link to the system's.
        using TestFolder folder = new();
        File.WriteAllText(folder["python"], "");
        File.CreateSymbolicLink(folder["python3"], "/usr/bin/env");
        foreach (string python in new[] { folder["python"], folder["python3"] })
        {
            CompiledAgents.Keep(python, [1]);
            Assert.False(CompiledAgents.Takes(python));
            Assert.Null(CompiledAgents.Find(python));
        }

        // The canary: by its own path, the system's is trusted.
        CompiledAgents.Keep("/usr/bin/env", [1]);
        Assert.True(CompiledAgents.Takes("/usr/bin/env"));
        Assert.NotNull(CompiledAgents.Find("/usr/bin/env"));
        CompiledAgents.Forget("/usr/bin/env");
        Assert.Null(CompiledAgents.Find("/usr/bin/env"));
    }

    [Fact]
    public async Task One_that_the_interpreter_cannot_run_is_replaced_by_the_source()
    {
        await using Session before = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        string python = (await before.PythonAsync("import sys; print(sys.executable)")).Output.TrimEnd();

        // As another version of Python would have made it.
        CompiledAgents.Keep(python, [0x01, 0x0d, 0x0d, 0x0a, .. new byte[100]]);
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        Assert.Equal("runs\n", (await session.PythonAsync("print('runs')")).Output);
        await using Session after = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        Assert.Equal("True\n", (await after.PythonAsync(IsCompiled)).Output);
    }

    [Fact]
    public async Task Nothing_of_it_is_left_when_the_session_is_disposed()
    {
        Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        (int bwrap, string[] arguments) = HostProcesses.OfSandbox(session.Folder.Path)
            .Select(id => (id, File.ReadAllText($"/proc/{id}/cmdline").Split('\0')))
            .First(process => process.Item2.Contains(AgentFile) && process.Item2.Contains("--unshare-all"));

        // As bwrap sees it, under a path that may be another one than ours.
        string file = arguments[Array.IndexOf(arguments, AgentFile) - 1];
        ulong inode = Libc.Status($"/proc/{bwrap}/root{Path.GetDirectoryName(file)}").Inode;
        string folder = Assert.Single(Directory.EnumerateDirectories(Path.GetTempPath()), f => InodeOf(f) == inode);
        Assert.True(File.Exists(Path.Combine(folder, Path.GetFileName(file))));
        await session.EndAsync();
        Assert.False(Directory.Exists(folder));

        // Folders of other tests come and go.
        static ulong? InodeOf(string path)
        {
            using SafeFileHandle found = Libc.Open(path, Libc.OpenPath | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
            return Libc.TryStatus(found, out Libc.FileStatus status) ? status.Inode : null;
        }
    }
}
