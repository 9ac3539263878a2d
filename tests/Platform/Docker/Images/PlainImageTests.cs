using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Images;

/// <summary>Images without Python: the engine starts each block, with the same results.</summary>
public sealed class PlainImageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<DockerCommandLineCodeExecutor> StartAsync(string image, Action<DockerCommandLineCodeExecutorOptions>? configure = null)
    {
        DockerCommandLineCodeExecutorOptions options = new() { Image = image };
        configure?.Invoke(options);
        return TestContainers.StartAsync(options);
    }

    [Theory]
    [InlineData(TestImages.Shell, "sh", "echo out; echo err >&2; exit 3", "out\n", "err\n", 3)]
    [InlineData(TestImages.Shell, "bash", "printf %s \"$PWD\"; cat", "/workspace", "", 0)]
    [InlineData(TestImages.Node, "javascript", "console.log('out'); console.error('err'); process.exit(4)", "out\n", "err\n", 4)]
    [InlineData(TestImages.PowerShell, "pwsh", "Write-Output 'out'; exit 5", "out\n", "", 5)]
    public async Task Their_languages_run(string image, string language, string code, string output, string errors, int exitCode)
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(image);
        SandboxCapabilities capabilities = executor.GetService<SandboxCapabilities>()!;
        Assert.False(capabilities.UsesGuestAgent);
        Assert.Contains("no Python", capabilities.GuestAgentDetail, StringComparison.Ordinal);
        BlockResult block = (await executor.RunAsync(language, code)).Blocks[0];
        Assert.Equal((output, errors, exitCode, TerminationReason.Exited), (block.StandardOutput, block.StandardError, block.ExitCode, block.Termination));
    }

    [Fact]
    public async Task An_interpreter_that_the_image_lacks_is_a_result()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell);
        BlockResult block = (await executor.RunAsync("python", "print(1)")).Blocks[0];
        Assert.Equal((127, TerminationReason.NotStarted, "python3: not found\n"), (block.ExitCode, block.Termination, block.Output));
    }

    [Fact]
    public async Task Files_are_listed_by_tools_that_know_only_the_standard_also_while_some_go_away()
    {
        // A find without -printf, as BusyBox has it, and a file that goes between the moment that it is found and the moment that it is
        // looked at.
        const string Standard = """
            printf '#!/bin/sh\n[ "$4" = -printf ] && exit 1\nexec /usr/bin/find "$@"' >/usr/local/bin/find
            printf '#!/bin/sh\nrm -f gone\nexec /bin/sh "$@"' >/usr/local/bin/sh
            chmod 755 /usr/local/bin/find /usr/local/bin/sh
            """;
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell, o => o.InitCommand = Standard);
        await executor.Workspace.WriteAllTextAsync("folder/with a space", "12345", Ct);
        await executor.Workspace.WriteAllTextAsync("gone", "", Ct);
        WorkspaceListing listing = await executor.Workspace.ListAsync(Ct);
        Assert.Equal([("folder/with a space", 5L)], listing.Files.Select(f => (f.Path, f.Size)));
        Assert.Equal("5", await executor.PrintAsync("bash", "stat -c %s folder/*"));
    }

    [Fact]
    public async Task A_name_that_is_not_UTF8_is_listed_escaped_and_refused_where_a_shell_reads_the_file()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell);
        CodeResult result = await executor.RunAsync("bash", "printf x >$'caf\\xe9.txt'");
        Assert.Equal([@"caf\xE9.txt"], result.OutputFiles.Select(f => f.Path));
        WorkspaceException e = await Assert.ThrowsAsync<WorkspaceException>(() => executor.Workspace.OpenReadAsync(@"caf\xE9.txt", Ct));
        Assert.Contains("not UTF-8", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeout_ends_the_program_and_all_that_it_started()
    {
        string marker = HostProcesses.NewMarker();
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell, o => o.Timeout = TimeSpan.FromSeconds(3));
        Running running = new(executor.ExecuteCodeBlocksStreamingAsync(
            [new("bash", $"trap '' TERM; (setsid bash -c 'exec -a {marker} sleep 600' &); echo ready; sleep 600; sleep 600")], Ct));
        await HostProcesses.AppearsAsync(marker);
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.Equal((124, TerminationReason.TimedOut), (block.ExitCode, block.Termination));
        Assert.StartsWith("ready\n", block.Output, StringComparison.Ordinal);
        await HostProcesses.AreGoneAsync(marker);
        Assert.Equal("on", await executor.PrintAsync("sh", "echo on"));
    }

    [Fact]
    public async Task What_a_program_leaves_in_the_background_holds_nobody_up_and_lives_on()
    {
        string marker = HostProcesses.NewMarker();
        await using (DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell))
        {
            Assert.Equal("done", await executor.PrintAsync("bash", $"(exec -a {marker} sleep 600) & echo done"));
            await HostProcesses.AppearsAsync(marker);
            Assert.Equal("on", await executor.PrintAsync("sh", "echo on"));
            Assert.Single(HostProcesses.With(marker));
        }

        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task Who_was_orphaned_is_buried()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell, o => o.Policy = new() { MaxProcesses = 30 });
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("on", await executor.PrintAsync("bash", "for i in $(seq 20); do (true & exec true) & done; wait; sleep 0.1; echo on"));
        }

        Assert.Equal("0", await executor.PrintAsync("bash", "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l"));
    }

    [Fact]
    public async Task A_guest_that_kills_all_it_can_is_a_result_and_the_next_block_runs()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell);
        BlockResult block = (await executor.RunAsync("bash", "kill -9 -1; kill -9 $PPID; echo alive")).Blocks[0];
        Assert.True(block.ExitCode is 137 or 0, block.Output);
        Assert.Equal("on", await executor.PrintAsync("sh", "echo on"));
    }

    [Fact]
    public async Task A_printed_word_does_not_end_a_block()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell);
        string printed = new string('0', 32) + "000";
        Assert.Equal(printed + "\nend", await executor.PrintAsync("bash", $"echo {printed}; echo {printed} >/dev/null; echo end"));
    }

    [Theory]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task Files_of_a_container_are_written_read_listed_and_deleted(string image)
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(image, o => o.DeleteTempFiles = true);
        IWorkspace files = executor.Workspace;
        byte[] large = [.. Enumerable.Range(0, 9 << 20).Select(i => (byte)(i * 31))];
        await files.WriteAllBytesAsync("a/b/large.bin", large, Ct);
        await files.WriteAllTextAsync("empty", "", Ct);
        await files.WriteAllTextAsync("-rf 'x'", "odd", Ct);
        Assert.Equal(large, await files.ReadAllBytesAsync("a/b/large.bin", cancellationToken: Ct));
        Assert.Equal("", await files.ReadAllTextAsync("empty", cancellationToken: Ct));
        Assert.Equal(
            [("-rf 'x'", 3L), ("a/b/large.bin", large.LongLength), ("empty", 0L)], (await files.ListAsync(Ct)).Files.Select(f => (f.Path, f.Size)));
        await files.WriteAllTextAsync("a/b/large.bin", "small", Ct);
        Assert.Equal("small", await executor.PrintAsync("sh", "cat a/b/large.bin"));
        Assert.True(await files.DeleteAsync("-rf 'x'", Ct));
        Assert.False(await files.DeleteAsync("-rf 'x'", Ct));
        Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync("none", Ct))).IsNotFound);
        await Assert.ThrowsAsync<WorkspaceException>(() => files.WriteAllTextAsync("a", "x", Ct));
        await Assert.ThrowsAsync<WorkspaceException>(() => files.DeleteAsync("a", Ct));
        CodeResult result = await executor.RunAsync("sh", "echo new >produced.txt; echo more >>empty");
        Assert.Equal(["empty", "produced.txt"], result.OutputFiles.Select(f => f.Path));
    }

    [Theory]
    [InlineData(TestImages.Python)]
    [InlineData(TestImages.Shell)]
    public async Task Links_of_a_container_are_neither_followed_nor_listed(string image)
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(image, o => o.InitCommand = "mkdir /srv/secret; echo secret >/srv/secret/file; chmod 644 /srv/secret/file");
        IWorkspace files = executor.Workspace;
        Assert.Equal(0, (await executor.RunAsync("sh", "ln -s /srv/secret/file file; ln -s /srv/secret folder; mkdir sub; ln -s /tmp sub/tmp; mkfifo pipe; echo x >real")).ExitCode);
        foreach (string path in new[] { "file", "folder/file", "sub/tmp/x" })
        {
            Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync(path, Ct))).IsPathRefused, path);
            Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.WriteAllTextAsync(path, "x", Ct))).IsPathRefused, path);
        }

        await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync("pipe", Ct)).WaitAsync(TimeSpan.FromSeconds(20), Ct);
        Assert.Equal(["real"], (await files.ListAsync(Ct)).Files.Select(f => f.Path).Where(p => !p.StartsWith("tmp_code", StringComparison.Ordinal)));
        Assert.True(await files.DeleteAsync("file", Ct));

        // The canary: guest code itself does get there.
        Assert.Equal("secret", await executor.PrintAsync("sh", "cat folder/file"));
    }

    [Fact]
    public async Task A_named_file_with_a_path_is_saved_in_the_container()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(TestImages.Shell);
        CodeResult result = await executor.RunAsync("bash", "# filename: deep/in/script.sh\necho \"$0\"");
        Assert.Equal(("deep/in/script.sh\n", "deep/in/script.sh"), (result.Output, result.CodeFile));
        Assert.Equal(1, (await executor.RunAsync("bash", "# filename: ../x.sh\necho no")).ExitCode);
    }
}
