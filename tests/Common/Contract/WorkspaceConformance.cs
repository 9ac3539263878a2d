using System.Text;

namespace Glovebox.Tests.Common.Contract;

/// <summary>Reading, writing and listing the files of a work directory in which guest code has made what it likes.</summary>
public abstract class WorkspaceConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_go_both_ways()
    {
        await using Session session = await Session.StartAsync(kind);
        IWorkspace files = session.Executor.Workspace;
        byte[] bytes = [.. Enumerable.Range(0, 1 << 20).Select(i => (byte)(i * 7))];
        await files.WriteAllBytesAsync("in/deep/data.bin", bytes, Ct);
        CodeResult result = await session.PythonAsync(
            "import os\ndata = open('in/deep/data.bin', 'rb').read()\nos.makedirs('out')\nopen('out/back.bin', 'wb').write(data[::-1])\nprint(len(data))");
        Assert.Equal("1048576\n", result.Output);
        Assert.Equal(bytes.Reverse(), await files.ReadAllBytesAsync("out/back.bin", cancellationToken: Ct));
        Assert.True(await files.DeleteAsync("out/back.bin", Ct));
        Assert.False(await files.DeleteAsync("out/back.bin", Ct));
        Assert.False(await files.DeleteAsync("no/such/file", Ct));
        Assert.Equal("False\n", (await session.PythonAsync("import os; print(os.path.exists('out/back.bin'))")).Output);
    }

    [Fact]
    public async Task The_guest_may_change_and_delete_what_the_host_wrote_and_the_host_what_the_guest_wrote()
    {
        await using Session session = await Session.StartAsync(kind);
        IWorkspace files = session.Executor.Workspace;
        await files.WriteAllTextAsync("sub/host.txt", "host", Ct);
        await files.WriteAllTextAsync("sub/gone.txt", "host", Ct);
        Assert.Equal(
            (0, ""),
            await OutcomeAsync("echo more >> sub/host.txt && rm sub/gone.txt && touch sub/new.txt && mkdir own && echo guest > own/guest.txt && chmod 600 own/guest.txt && chmod 700 own"));
        Assert.Equal("hostmore\n", await files.ReadAllTextAsync("sub/host.txt", cancellationToken: Ct));
        Assert.Equal("guest\n", await files.ReadAllTextAsync("own/guest.txt", cancellationToken: Ct));
        await files.WriteAllTextAsync("own/guest.txt", "replaced", Ct);
        Assert.Equal((0, "replaced"), await OutcomeAsync("cat own/guest.txt"));
        Assert.True(await files.DeleteAsync("own/guest.txt", Ct));

        async Task<(int, string)> OutcomeAsync(string code)
        {
            CodeResult result = await session.BashAsync(code);
            return (result.ExitCode, result.Output);
        }
    }

    [Fact]
    public async Task Links_are_neither_read_nor_written_nor_listed()
    {
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["secret"], "secret", Ct);
        await using Session session = await Session.StartAsync(kind);
        IWorkspace files = session.Executor.Workspace;
        Assert.Equal(0, (await session.BashAsync(
            $"ln -s '{outside["secret"]}' file; ln -s '{outside.Path}' folder; ln -s '{outside["new"]}' new; echo x > real; ln -s real inside; ln -s . here; mkdir sub; ln -s '{outside.Path}' sub/folder")).ExitCode);

        foreach (string path in new[] { "file", "folder/secret", "sub/folder/secret", "inside", "here/real", "folder" })
        {
            Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync(path, Ct))).IsPathRefused, path);
        }

        foreach (string path in new[] { "file", "new", "folder/new", "sub/folder/deep/new", "here/real" })
        {
            Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.WriteAllTextAsync(path, "x", Ct))).IsPathRefused, path);
        }

        Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.DeleteAsync("folder/secret", Ct))).IsPathRefused);
        Assert.Equal(["real"], (await files.ListAsync(Ct)).Files.Select(f => f.Path));
        Assert.Equal(["secret"], outside.Entries());
        Assert.Equal("secret", await File.ReadAllTextAsync(outside["secret"], Ct));

        // The canary: opened plainly by the host, the same names do lead there.
        Assert.Equal("secret", await File.ReadAllTextAsync(session.Folder["sub/folder/secret"], Ct));
        await File.WriteAllTextAsync(session.Folder["new"], "x", Ct);
        Assert.Equal(["new", "secret"], outside.Entries());
    }

    [Fact]
    public async Task Deleting_a_link_deletes_the_link()
    {
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["kept"], "kept", Ct);
        await using Session session = await Session.StartAsync(kind);
        await session.BashAsync($"ln -s '{outside["kept"]}' link");
        Assert.True(await session.Executor.Workspace.DeleteAsync("link", Ct));
        Assert.Empty(session.Folder.Entries());
        Assert.Equal(["kept"], outside.Entries());
    }

    [Fact]
    public async Task What_is_no_regular_file_is_neither_read_nor_listed_and_holds_nobody_up()
    {
        await using Session session = await Session.StartAsync(kind);
        IWorkspace files = session.Executor.Workspace;
        await session.PythonAsync("import os, socket\nos.mkfifo('pipe'); os.mkdir('folder'); socket.socket(socket.AF_UNIX).bind('socket')");
        foreach (string path in new[] { "pipe", "folder", "socket", "missing", "missing/x", "folder/x" })
        {
            await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync(path, Ct)).WaitAsync(TimeSpan.FromSeconds(5), Ct);
        }

        foreach (string path in new[] { "pipe", "folder", "socket" })
        {
            await Assert.ThrowsAsync<WorkspaceException>(() => files.WriteAllTextAsync(path, "x", Ct)).WaitAsync(TimeSpan.FromSeconds(5), Ct);
        }

        Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync("missing", Ct))).IsNotFound);
        await Assert.ThrowsAsync<WorkspaceException>(() => files.DeleteAsync("folder", Ct));
        Assert.Empty((await files.ListAsync(Ct)).Files);
    }

    [Fact]
    public async Task Produced_files_are_listed_with_the_block_that_made_or_changed_them()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = false });
        await session.Executor.Workspace.WriteAllTextAsync("there.txt", "there", Ct);
        await session.Executor.Workspace.WriteAllTextAsync("same.txt", "12345", Ct);
        CodeResult result = await session.RunAsync(
            new("bash", "mkdir sub; echo one > sub/one.txt; echo two > two.txt"),
            new("python", "# filename: named.py\nopen('two.txt', 'a').write('more')"),
            new("bash", "touch -r same.txt stamp; printf 54321 > same.txt; touch -r stamp same.txt; rm two.txt stamp; cat there.txt > /dev/null"),
            new("bash", "echo again > sub/one.txt"));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["sub/one.txt", "two.txt"], Paths(0));
        Assert.Equal(["two.txt"], Paths(1));
        Assert.Equal(["same.txt"], Paths(2));
        Assert.Equal(["sub/one.txt"], Paths(3));
        Assert.Equal([6L], result.Blocks[3].OutputFiles.Select(f => f.Size));
        Assert.Equal(["two.txt"], result.Blocks[2].DeletedFiles);
        Assert.Equal(["same.txt", "sub/one.txt"], result.OutputFiles.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Empty((await session.BashAsync("true")).OutputFiles);

        IEnumerable<string> Paths(int block) => result.Blocks[block].OutputFiles.Select(f => f.Path);
    }

    [Fact]
    public async Task A_file_may_say_any_time()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.BashAsync("touch -d 2300-01-01 late; touch -d 1903-01-01 early; touch now");
        Assert.Equal(["early", "late", "now"], result.OutputFiles.Select(f => f.Path));
        Assert.Equal((1903, DateTime.UtcNow.Year), (result.OutputFiles[0].LastModified.Year, result.OutputFiles[2].LastModified.Year));

        // Not every file system can say so, and not every channel.
        Assert.InRange(result.OutputFiles[1].LastModified.Year, 2038, 2300);
        Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
    }

    [Fact]
    public async Task Names_with_odd_characters_are_listed_and_read()
    {
        await using Session session = await Session.StartAsync(kind);
        string[] names = [" blank ", "-rf", "a:b", "back\\slash", "grün", "new\nline", "quote'\"", "*", "~"];
        CodeResult result = await session.PythonAsync($"for name in {PythonList(names)}: open(name, 'w').write(name)");
        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        IEnumerable<string> listed = (await session.Executor.Workspace.ListAsync(Ct)).Files.Select(f => f.Path);
        Assert.Equal(names.Order(StringComparer.Ordinal), listed);
        foreach (string name in names)
        {
            Assert.Equal(name, await session.Executor.Workspace.ReadAllTextAsync(name, cancellationToken: Ct));
        }

        static string PythonList(string[] names) =>
            "[" + string.Join(",", names.Select(n => "bytes.fromhex('" + Convert.ToHexString(Encoding.UTF8.GetBytes(n)) + "').decode()")) + "]";
    }

    [Fact]
    public async Task Names_that_are_not_UTF8_are_escaped_and_mean_that_file()
    {
        await using Session session = await Session.StartAsync(kind);
        IWorkspace files = session.Executor.Workspace;
        CodeResult result = await session.PythonAsync(
            "import os\nos.mkdir(b'd\\xe9')\nfor name in [b'caf\\xe9.txt', b'd\\xe9/\\xff\\xc3', b'caf\\\\xE9.txt', b'ok.txt']: open(name, 'wb').write(name)");
        Assert.Equal((0, ""), (result.ExitCode, result.Output));
        string[] names = [@"caf\x5CxE9.txt", @"caf\xE9.txt", @"d\xE9/\xFF\xC3", "ok.txt"];
        Assert.Equal(names, result.OutputFiles.Select(f => f.Path));
        Assert.Equal(names, (await files.ListAsync(Ct)).Files.Select(f => f.Path));
        Assert.Contains(@"caf\xE9.txt (8 bytes)", result.FormatForModel(), StringComparison.Ordinal);

        byte[][] contents = await Task.WhenAll(names.Select(n => files.ReadAllBytesAsync(n, cancellationToken: Ct)));
        Assert.Equal(
            ["636166" + "5C784539" + "2E747874", "636166E92E747874", "64E92FFFC3", "6F6B2E747874"], contents.Select(Convert.ToHexString));
        await files.WriteAllTextAsync(@"caf\xE9.txt", "changed", Ct);
        await files.WriteAllTextAsync(@"new\xE9/\xEA", "new", Ct);
        Assert.Equal("changednew", (await session.PythonAsync(
            "print(open(b'caf\\xe9.txt').read() + open(b'new\\xe9/\\xea').read(), end='')")).Output);
        Assert.True(await files.DeleteAsync(@"caf\xE9.txt", Ct));
        Assert.Equal("[]\n", (await session.PythonAsync("import os; print([n for n in os.listdir(b'.') if n == b'caf\\xe9.txt'])")).Output);
    }

    [Fact]
    public async Task A_result_says_that_its_files_may_not_be_all_and_names_the_outer_ones_first()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.RunAsync(
            new("python", "import os\nopen('seed', 'w').close()\nfor i in range(35):\n  os.makedirs(f'node_modules/p{i}')\n  for j in range(300): os.link('seed', f'node_modules/p{i}/f{j}')"),
            new("python", "import os\nos.makedirs('out')\nopen('out/result.csv', 'w').write('1')"));
        Assert.False(result.AreOutputFilesComplete);
        Assert.Equal([false, false], result.Blocks.Select(b => b.AreOutputFilesComplete));
        Assert.Contains("There may be more files", result.FormatForModel(), StringComparison.Ordinal);
        Assert.Contains("out/result.csv", result.Blocks[1].OutputFiles.Select(f => f.Path));

        await session.PythonAsync("import shutil; shutil.rmtree('node_modules')");
        result = await session.PythonAsync("open('small', 'w')");
        Assert.Equal((true, 1), (result.AreOutputFilesComplete, result.OutputFiles.Count));
    }

    [Fact]
    public async Task Temporary_code_files_are_not_listed_but_read_by_their_names()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = false });
        CodeResult result = await session.BashAsync("touch made tmp_code_mine.sh");
        Assert.Equal(["made", "tmp_code_mine.sh"], result.OutputFiles.Select(f => f.Path));
        Assert.Equal(["made", "tmp_code_mine.sh"], (await session.Executor.Workspace.ListAsync(Ct)).Files.Select(f => f.Path));
        Assert.Contains("touch made", await session.Executor.Workspace.ReadAllTextAsync(result.CodeFile!, cancellationToken: Ct), StringComparison.Ordinal);

        // Nor those of another executor in the same directory.
        await session.Executor.Workspace.WriteAllTextAsync("tmp_code_0123456789abcdef0123456789abcdef.py", "", Ct);
        Assert.Equal(2, (await session.Executor.Workspace.ListAsync(Ct)).Files.Count);
    }

    [Fact]
    public async Task A_listing_is_bounded_in_number_and_depth()
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.True((await session.Executor.Workspace.ListAsync(Ct)).IsComplete);
        await session.PythonAsync("import os\nfor i in range(200):\n  os.mkdir('d'); os.chdir('d')\nopen('deep', 'w')");
        Assert.False((await session.Executor.Workspace.ListAsync(Ct)).IsComplete);
        await session.PythonAsync("import shutil; shutil.rmtree('d')");
        Assert.True((await session.Executor.Workspace.ListAsync(Ct)).IsComplete);
        await session.PythonAsync("import os\nopen('f', 'w').close()\nfor i in range(10_050): os.link('f', f'f{i}')");
        WorkspaceListing listing = await session.Executor.Workspace.ListAsync(Ct);
        Assert.False(listing.IsComplete);
        Assert.Equal(WorkspaceListing.MaxFiles, listing.Files.Count);
    }

    [Fact]
    public async Task A_write_that_fails_leaves_the_file_as_it_was_and_nothing_beside_it()
    {
        await using Session session = await Session.StartAsync(kind);
        IWorkspace files = session.Executor.Workspace;
        await files.WriteAllTextAsync("file", "old", Ct);
        await Assert.ThrowsAnyAsync<Exception>(() => files.WriteAsync("file", new FailingStream(), Ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => files.WriteAllTextAsync("file", "new", new CancellationToken(canceled: true)));
        Assert.Equal("old", await files.ReadAllTextAsync("file", cancellationToken: Ct));
        Assert.Equal(["file"], session.Folder.Entries());
    }

    [Fact]
    public async Task A_file_larger_than_allowed_is_not_read_whole()
    {
        await using Session session = await Session.StartAsync(kind);
        await session.BashAsync("head -c 1001 /dev/zero > large; truncate -s 100G huge");
        Assert.Contains("larger", (await Assert.ThrowsAsync<WorkspaceException>(
            () => session.Executor.Workspace.ReadAllBytesAsync("large", 1000, Ct))).Message, StringComparison.Ordinal);
        Assert.Equal(1001, (await session.Executor.Workspace.ReadAllBytesAsync("large", 1001, Ct)).Length);
        await Assert.ThrowsAsync<WorkspaceException>(() => session.Executor.Workspace.ReadAllBytesAsync("huge", 1000, Ct));
    }

    [Fact]
    public async Task Files_are_read_and_written_while_code_runs()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("bash", "echo from guest > out; echo ready; until [ -e in ]; do sleep 0.01; done; cat in");
        await running.PrintsAsync("ready");
        Assert.Equal("from guest\n", await session.Executor.Workspace.ReadAllTextAsync("out", cancellationToken: Ct));
        await session.Executor.Workspace.WriteAllTextAsync("in", "from host\n", Ct);
        Assert.Equal("ready\nfrom host\n", (await running.Completion).Output);
    }

    [Fact]
    public async Task A_work_directory_that_the_guest_has_made_unusable_is_a_result_or_an_error_and_not_a_hang()
    {
        await using Session session = await Session.StartAsync(kind);
        await session.BashAsync("mkdir locked; touch locked/x; chmod 0 locked");
        WorkspaceListing listing = await session.Executor.Workspace.ListAsync(Ct);
        Assert.All(listing.Files, f => Assert.Equal("locked/x", f.Path));
        await session.BashAsync("chmod 700 locked");
        Assert.Equal(["locked/x"], (await session.Executor.Workspace.ListAsync(Ct)).Files.Select(f => f.Path));
    }

    private sealed class FailingStream : MemoryStream
    {
        public FailingStream()
            : base(new byte[10])
        {
        }

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            throw new IOException("The source failed.");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("The source failed.");
    }
}
