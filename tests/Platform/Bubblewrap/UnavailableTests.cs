using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>What is wrong with the machine or the options is said in words that tell what to do, before anything is started.</summary>
public sealed class UnavailableTests
{
    private static readonly BubblewrapInternals WithoutControlGroups = new() { UsesControlGroups = false };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bubblewrap_that_is_not_on_PATH_is_an_error_that_says_how_to_install_it()
    {
        using TestFolder folder = new();
        SandboxUnavailableException e = await FailsAsync(new() { SearchPath = folder.Path });
        Assert.Equal("bubblewrap-unavailable", e.Code);
        Assert.Contains("PATH", e.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install bubblewrap", e.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bubblewrap 0.7.0", "bubblewrap-too-old", "0.7.0")]
    [InlineData("bubblewrap 0.4", "bubblewrap-too-old", "0.4")]
    [InlineData("something else", "bubblewrap-unavailable", "does not say its version")]
    [InlineData("", "bubblewrap-unavailable", "does not say its version")]
    public async Task Bubblewrap_that_is_too_old_or_none_is_an_error_that_says_so(string version, string code, string message)
    {
        using FakeBubblewrap fake = new($"echo '{version}'");
        SandboxUnavailableException e = await FailsAsync(fake.Internals);
        Assert.Equal(code, e.Code);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public async Task Bubblewrap_that_cannot_be_executed_is_an_error_that_names_it()
    {
        using FakeBubblewrap fake = new("");
        fake.Folder.SetMode("bwrap", "644");
        SandboxUnavailableException e = await FailsAsync(fake.Internals);
        Assert.Equal("bubblewrap-unavailable", e.Code);
        Assert.Contains(fake.Folder["bwrap"], e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bubblewrap_that_was_replaced_is_asked_again()
    {
        using FakeBubblewrap fake = new("echo bubblewrap 0.7.0");
        Assert.Equal("bubblewrap-too-old", (await FailsAsync(fake.Internals)).Code);
        await File.WriteAllTextAsync(fake.Folder["bwrap"], "#!/bin/sh\n[ \"$1\" = --version ] && exec bwrap --version\nexec bwrap \"$@\"\n", Ct);
        File.SetLastWriteTimeUtc(fake.Folder["bwrap"], DateTime.UtcNow.AddMinutes(1));
        fake.Folder.SetMode("", "755");
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(fake.Internals));
        Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
    }

    /// <summary>What bwrap prints where the kernel, a container or a security module forbids it.</summary>
    [Theory]
    [InlineData("bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.")]
    [InlineData("bwrap: Creating new namespace failed: Operation not permitted")]
    [InlineData("bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)")]
    [InlineData("bwrap: setting up uid map: Permission denied")]
    [InlineData("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted")]
    [InlineData("bwrap: Failed to make / slave: Permission denied")]
    [InlineData("bwrap: pivot_root: Operation not permitted")]
    public async Task Namespaces_that_are_forbidden_are_an_error_that_says_what_to_allow(string printed)
    {
        using FakeBubblewrap fake = new($"[ \"$1\" = --version ] && echo bubblewrap 0.9.0 && exit\ncat >&2 <<'END'\nsome warning\n{printed}\nEND\nexit 1");
        foreach (bool usesAgent in new[] { true, false })
        {
            SandboxUnavailableException e = await FailsAsync(fake.Internals with { UsesAgent = usesAgent });
            Assert.Equal("user-namespaces-forbidden", e.Code);
            Assert.Contains(printed, e.Message, StringComparison.Ordinal);
            Assert.Contains("user.max_user_namespaces", e.Hint, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("bwrap: Can't find source path /no/such/path: No such file or directory", "bwrap: Can't find source path")]
    [InlineData("\u001b[31mwith a colour", "with a colour")]
    [InlineData("", "with no output")]
    public async Task Another_failure_of_bubblewraps_is_told_in_its_words(string printed, string expected)
    {
        using FakeBubblewrap fake = new($"[ \"$1\" = --version ] && echo bubblewrap 0.9.0 && exit\ncat >&2 <<'END'\n{printed}\nEND\nexit 1");
        SandboxUnavailableException e = await FailsAsync(fake.Internals);
        Assert.Equal("sandbox-failed", e.Code);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', e.Message);
    }

    [Fact]
    public async Task Namespaces_that_the_kernel_really_forbids_are_that_error()
    {
        // A namespace of our own, whose limit we may set.
        const string forbid = "echo 0 > /proc/sys/user/max_user_namespaces; exec \"$@\"";
        string[] prefix = [.. Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"] : Array.Empty<string>(),
            "unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"];
        using TestFolder temporary = new();
        temporary.GiveAway();
        (int exitCode, string output) = await HostProgram.RunAsync(new("bash", "echo never") { TemporaryFolder = temporary.Path }, prefix);
        Assert.Equal(125, exitCode);
        Assert.StartsWith("user-namespaces-forbidden: ", output, StringComparison.Ordinal);
        Assert.Empty(temporary.Entries());
    }

    [Fact]
    public async Task What_does_not_work_is_diagnosed_in_the_same_words()
    {
        ExecutorDiagnosis works = await BubblewrapCommandLineCodeExecutor.DiagnoseAsync(Ct);
        Assert.True(works.IsAvailable, works.Reason);
        Assert.Equal("bubblewrap", works.Name);
        Assert.Matches(@"^\d+\.\d+", works.Version);
        Assert.Null(works.Reason);
        Assert.True(works.Capabilities!.UsesGuestAgent);
        Assert.Equal(EnforcementLevel.Full, works.Capabilities.Control("network")!.Level);
    }

    [Fact]
    public async Task A_start_that_failed_can_be_repeated_once_its_cause_is_gone()
    {
        using TestFolder folder = new("/var/tmp");
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { ReadOnlyPaths = { folder["late"] } });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
        Assert.Equal("read-only-path-missing", e.Code);
        Assert.Contains(folder["late"], e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.ExecuteCodeBlocksAsync([new("bash", "true")], Ct));
        await File.WriteAllTextAsync(folder["late"], "late\n", Ct);
        folder.SetMode("", "755");
        await executor.StartAsync(Ct);
        Assert.Equal("late\n", (await executor.ExecuteCodeBlocksAsync([new("bash", $"cat {folder["late"]}")], Ct)).Output);
    }

    [Theory]
    [InlineData("/tmp")]
    [InlineData("/tmp/x")]
    [InlineData("/home")]
    [InlineData("/home/someone/data")]
    [InlineData("/workspace/x")]
    [InlineData("/dev/fuse")]
    [InlineData("/proc/1")]
    [InlineData("/run")]
    [InlineData("/run/glovebox/agent.py")]
    [InlineData("/usr/../tmp/x")]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("relative")]
    [InlineData("")]
    [InlineData("/a\0b")]
    [InlineData(null)]
    public void A_path_that_cannot_be_shown_is_refused_at_once(string? path) =>
        Assert.Contains("ReadOnlyPaths", Assert.Throws<ArgumentException>(() => new BubblewrapCommandLineCodeExecutor(new() { ReadOnlyPaths = { path! } })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_policy_that_is_null_is_refused_at_once() =>
        Assert.Throws<ArgumentNullException>(() => new BubblewrapCommandLineCodeExecutor(new() { Policy = null! }));

    [Fact]
    public async Task A_limit_that_was_asked_for_and_cannot_be_enforced_fails_the_start_and_names_it()
    {
        await RefusesAsync("Memory", new() { Memory = 1 << 30 });
        await RefusesAsync("Cpus", new() { Cpus = 1 });
        await RefusesAsync("DiskSpace", new() { DiskSpace = 1 << 30 });
        await RefusesAsync("ReadOnlyRootFilesystem", new() { ReadOnlyRootFilesystem = false });

        static async Task RefusesAsync(string name, ExecutionPolicy policy)
        {
            await using BubblewrapCommandLineCodeExecutor executor = new(new() { Policy = policy }, WithoutControlGroups);
            PolicyNotEnforceableException e = await Assert.ThrowsAsync<PolicyNotEnforceableException>(() => executor.StartAsync(Ct));
            Assert.Equal("policy-not-enforceable", e.Code);
            Assert.StartsWith(name, e.Message, StringComparison.Ordinal);
            Assert.NotNull(e.Hint);
        }
    }

    [Fact]
    public async Task What_was_not_asked_for_is_as_strong_as_the_machine_allows_and_that_is_said()
    {
        await using Session weak = await Session.StartAsync(ExecutorKind.BubblewrapWith(WithoutControlGroups, new() { ReadOnlyRootFilesystem = true, MaxProcesses = 100 }));
        SandboxCapabilities capabilities = weak.Executor.GetService<SandboxCapabilities>()!;
        Assert.Equal(EnforcementLevel.Partial, capabilities.Control("memory")!.Level);
        Assert.Equal(EnforcementLevel.Full, capabilities.Control("processes")!.Level);
        Assert.Contains("RLIMIT_NPROC", capabilities.Control("processes")!.Mechanism, StringComparison.Ordinal);
        Assert.Equal(EnforcementLevel.None, capabilities.Control("cpus")!.Level);

        await using Session unfiltered = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { UsesSeccomp = false }, new() { Network = NetworkAccess.Full }));
        capabilities = unfiltered.Executor.GetService<SandboxCapabilities>()!;
        Assert.Equal(EnforcementLevel.None, capabilities.Control("seccomp")!.Level);
        Assert.Equal(EnforcementLevel.None, capabilities.Control("network")!.Level);

        await using Session plain = await Session.StartAsync(ExecutorKind.BubblewrapPlain);
        capabilities = plain.Executor.GetService<SandboxCapabilities>()!;
        Assert.False(capabilities.UsesGuestAgent);
        Assert.NotNull(capabilities.GuestAgentDetail);
    }

    [Theory]
    [InlineData("it's a \"folder\"; $(touch x) && * ~ \\ ü")]
    [InlineData("line\nbreak")]
    [InlineData("-rf")]
    public async Task A_work_directory_with_an_odd_name_works(string name)
    {
        using TestFolder folder = new();
        Directory.CreateDirectory(folder[name]);
        folder.SetMode("", "755");
        folder.SetMode(name, "777");
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = folder[name] });
        await executor.StartAsync(Ct);
        Assert.Equal("/workspace\n", (await executor.ExecuteCodeBlocksAsync([new("bash", "# filename: x.sh\npwd; touch made")], Ct)).Output);
        Assert.Equal(["made", "x.sh"], Directory.EnumerateFiles(folder[name]).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_work_directory_that_cannot_be_written_is_an_error_that_says_so()
    {
        using TestFolder folder = new();
        folder.GiveAway();
        folder.SetMode("", "500");

        // Root may write everywhere.
        string[] asPlainUser = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"] : [];
        (int exitCode, string output) = await HostProgram.RunAsync(new("bash", "touch file") { WorkDirectory = folder.Path }, asPlainUser);
        Assert.Equal(125, exitCode);
        Assert.StartsWith($"work-directory-unusable: The work directory '{folder.Path}' cannot be written", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/proc/glovebox-test")]
    [InlineData("/etc/passwd/folder")]
    public async Task A_work_directory_that_cannot_be_made_is_an_error_that_says_so(string path)
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = path });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_work_directory_that_its_owner_cannot_enter_is_an_error_that_says_so_and_works_for_root(bool usesAgent)
    {
        using TestFolder folder = new();
        Directory.CreateDirectory(folder["locked/work"]);
        folder.SetMode("locked/work", "777");
        using (System.Diagnostics.Process chown = System.Diagnostics.Process.Start("chown", [Environment.IsPrivilegedProcess ? "4242:4242" : Environment.UserName, folder["locked/work"]]))
        {
            await chown.WaitForExitAsync(Ct);
        }

        folder.SetMode("locked", Environment.IsPrivilegedProcess ? "700" : "000");
        try
        {
            await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = folder["locked/work"] }, new BubblewrapInternals { UsesAgent = usesAgent });
            if (Environment.IsPrivilegedProcess)
            {
                // Root gives the sandbox the directory itself, whatever is above it.
                await executor.StartAsync(Ct);
                Assert.Equal(0, (await executor.ExecuteCodeBlocksAsync([new("bash", "touch file")], Ct)).ExitCode);
                Assert.True(File.Exists(folder["locked/work/file"]));
                return;
            }

            SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
            Assert.Equal("work-directory-unusable", e.Code);
            Assert.Contains(folder["locked/work"], e.Message, StringComparison.Ordinal);
            Assert.NotNull(e.Hint);
        }
        finally
        {
            folder.SetMode("locked", "700");
        }
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_nothing_and_can_be_repeated()
    {
        // A sandbox that never answers, until the caller has had enough.
        string marker = HostProcesses.NewMarker();
        using FakeBubblewrap fake = new($"[ \"$1\" = --version ] && echo bubblewrap 0.9.0 && exit\nexec bash -c 'exec -a {marker} sleep 600'");
        using CancellationTokenSource cancellation = new();
        BubblewrapCommandLineCodeExecutor executor = new(new(), fake.Internals);
        await using (executor)
        {
            Task starting = executor.StartAsync(cancellation.Token);
            await HostProcesses.AppearsAsync(marker);
            await cancellation.CancelAsync();
            Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting)).CancellationToken);
            await HostProcesses.AreGoneAsync(marker);
            Assert.Null(executor.GetService<SandboxCapabilities>());
        }
    }

    /// <summary>Until its parent has mapped its uid, a child of bwrap's waits without asking to die with it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_start_that_is_cancelled_leaves_no_child_of_bubblewraps_that_waits_for_it(bool usesAgent)
    {
        string marker = HostProcesses.NewMarker();
        string waiting = $"bash -c 'exec -a {marker} sleep 600'";
        using FakeBubblewrap fake = new($"[ \"$1\" = --version ] && echo bubblewrap 0.9.0 && exit\n{waiting} &\nexec {waiting}");
        using CancellationTokenSource cancellation = new();
        await using BubblewrapCommandLineCodeExecutor executor = new(new(), fake.Internals with { UsesAgent = usesAgent });
        Task starting = executor.StartAsync(cancellation.Token);
        await Eventually.HoldsAsync(() => HostProcesses.With(marker).Count == 2, "both wait");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        await HostProcesses.AreGoneAsync(marker);
    }

    private static async Task<SandboxUnavailableException> FailsAsync(BubblewrapInternals internals)
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(new(), internals);
        return await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
    }

    /// <summary>A shell script by the name of bwrap.</summary>
    private sealed class FakeBubblewrap : IDisposable
    {
        public FakeBubblewrap(string script)
        {
            File.WriteAllText(Folder["bwrap"], "#!/bin/sh\n" + script + "\n");
            Folder.SetMode("bwrap", "755");

            // It is started as the guest's user.
            Folder.SetMode("", "755");
        }

        public TestFolder Folder { get; } = new();

        public BubblewrapInternals Internals => new() { SearchPath = Folder.Path };

        public void Dispose() => Folder.Dispose();
    }
}
