using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>What of the host a guest program sees and may do: nothing beyond what it needs to run. The canary is the same program on the
/// host, or in a sandbox that is allowed it.</summary>
public sealed class IsolationTests(HostFixture executors) : IClassFixture<HostFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_of_the_host_are_not_there()
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["secret"], "a secret of the host", Ct);
        folder.SetMode("", "755");
        string code = $"cat '{folder["secret"]}' || ls -d '{folder.Path}'";
        Assert.NotEqual(0, (await (await executors.GuardedAsync()).BashAsync(code)).ExitCode);
        Assert.Equal("a secret of the host", (await (await executors.HostAsync()).BashAsync(code)).Output);
    }

    [Fact]
    public async Task The_root_holds_the_system_and_what_is_the_guests_own_and_nothing_else()
    {
        Session guarded = await executors.GuardedAsync();
        string[] root = (await guarded.BashAsync("ls -A /")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Subset(new HashSet<string>(["bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "run", "sbin", "srv", "tmp", "usr", "var", "workspace"]), root.ToHashSet());
        Assert.Equal("/home/glovebox\n/run/glovebox\n/run/lock\n/run/user\n", (await guarded.BashAsync("ls -d /home/* /run/* 2>/dev/null; ls -A /run/lock /run/user /var/tmp /var/log /tmp /dev/shm /home/glovebox | grep -v : | grep .")).Output);
        Assert.Equal("agent.py\n", (await guarded.BashAsync("ls -A /run/glovebox")).Output);

        string[] configuration = (await guarded.BashAsync("ls -A /etc")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain(configuration, name => name is "shadow" or "gshadow" or "sudoers" or "ssh" or "fstab" or "machine-id" or "cron.d");
        Assert.Equal(
            "glovebox:x:1000:1000::/home/glovebox:/bin/sh\nroot:x:0:0:root:/root:/usr/sbin/nologin\n"
            + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
            + "glovebox:x:1000:\nroot:x:0:\nnogroup:x:65534:\n",
            (await guarded.BashAsync("cat /etc/passwd /etc/group")).Output);

        Assert.Equal("0\n", (await guarded.BashAsync("wc -c </etc/resolv.conf")).Output);

        // The canary: on the host there is more.
        Assert.Contains("shadow", (await (await executors.HostAsync()).BashAsync("ls -A /etc")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mounts_of_the_host_are_not_named()
    {
        Session guarded = await executors.GuardedAsync();
        string mounts = (await guarded.BashAsync("cat /proc/self/mountinfo /proc/mounts")).Output;
        Assert.Contains(" /workspace ", mounts, StringComparison.Ordinal);
        Assert.DoesNotContain("/oldroot", mounts, StringComparison.Ordinal);
        Assert.DoesNotContain("cgroup", mounts, StringComparison.Ordinal);
        Assert.DoesNotContain("sysfs", mounts, StringComparison.Ordinal);
        Assert.Contains("cgroup", (await (await executors.HostAsync()).BashAsync("cat /proc/mounts")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/usr/bin/glovebox-test")]
    [InlineData("/usr/bin/env")]
    [InlineData("/usr/lib/glovebox-test")]
    [InlineData("/bin/glovebox-test")]
    [InlineData("/etc/glovebox-test")]
    [InlineData("/glovebox-test")]
    [InlineData("/run/glovebox-test")]
    [InlineData("/run/glovebox/agent.py")]
    [InlineData("/etc/glovebox/glovebox-test")]
    [InlineData("/etc/passwd")]
    [InlineData("/dev/glovebox-test")]
    [InlineData("/dev/shm/../glovebox-test")]
    [InlineData("/var/lib/glovebox-test")]
    [InlineData("/run/lock/glovebox-test")]
    [InlineData("/opt/glovebox-test")]
    [InlineData("/etc/hosts")]
    [InlineData("/etc/hostname")]
    public async Task What_is_not_the_guests_own_is_read_only(string path)
    {
        const string open = "import errno, os, sys\ntry: os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND); print('OK')\nexcept OSError as e: print(errno.errorcode[e.errno])";
        CodeResult result = await (await executors.GuardedAsync()).PythonAsync(open.Replace("sys.argv[1]", $"'{path}'", StringComparison.Ordinal));

        // Not for want of the right, which the owner of a file could give: the file system itself takes nothing. Of a file that is root's,
        // the kernel says the right first.
        Assert.Matches(File.Exists(path) || path.EndsWith(".py", StringComparison.Ordinal) ? "^(EROFS|EACCES)\n$" : "^EROFS\n$", result.Output);
    }

    [Theory]
    [InlineData("/workspace/x")]
    [InlineData("/tmp/x")]
    [InlineData("/var/tmp/x")]
    [InlineData("/home/glovebox/x")]
    [InlineData("/dev/shm/x")]
    [InlineData("/dev/null")]
    public async Task What_is_the_guests_own_can_be_written(string path) =>
        Assert.Equal(0, (await (await executors.GuardedAsync()).BashAsync($"echo x > {path} && {{ [ ! -f {path} ] || rm {path}; }}")).ExitCode);

    [Fact]
    public async Task A_path_that_the_caller_shows_is_read_only_although_the_guests_user_owns_it()
    {
        using TestFolder folder = new("/var/tmp");
        await File.WriteAllTextAsync(folder["shown"], "shown\n", Ct);
        folder.SetMode("", "777");
        folder.SetMode("shown", "666");
        folder.GiveAway();
        string code = $"cat {folder["shown"]}; echo more >> {folder["shown"]} || touch {folder["new"]} || mv {folder["shown"]} {folder["moved"]}";
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { ReadOnlyPaths = { folder.Path } });
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("bash", code)], Ct);
        Assert.Equal((1, "shown\n"), (result.ExitCode, result.StandardOutput));
        Assert.Equal(3, result.StandardError.Split("Read-only file system").Length - 1);
        Assert.Equal(["shown"], folder.Entries());

        // The canary: as the work directory, the same folder takes it.
        await using BubblewrapCommandLineCodeExecutor canary = new(new() { WorkDir = folder.Path });
        await canary.StartAsync(Ct);
        Assert.Equal(0, (await canary.ExecuteCodeBlocksAsync([new("bash", "echo more >> shown")], Ct)).ExitCode);
    }

    [Fact]
    public async Task The_hosts_network_is_not_there()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string connect = $"import socket; print(socket.create_connection(('127.0.0.1', {port}), 5).getpeername()[1])";
        CodeResult refused = await (await executors.GuardedAsync()).PythonAsync(connect);
        Assert.Contains("ConnectionRefusedError", refused.StandardError, StringComparison.Ordinal);
        Assert.Equal($"{port}\n", (await (await executors.WithNetworkAsync()).PythonAsync(connect)).Output);

        const string interfaces = "import socket; print([n for _, n in socket.if_nameindex()])";
        Assert.Equal("['lo']\n", (await (await executors.GuardedAsync()).PythonAsync(interfaces)).Output);

        // Not even a name is looked up, and no packet finds a way.
        const string away = "import errno, socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ntry: s.sendto(b'x', ('192.0.2.1', 9))\nexcept OSError as e: print(errno.errorcode[e.errno])";
        Assert.Equal("ENETUNREACH\n", (await (await executors.GuardedAsync()).PythonAsync(away)).Output);
    }

    [Theory]
    [InlineData(NetworkAccess.None)]
    [InlineData(NetworkAccess.SetupOnly)]
    public async Task Abstract_sockets_of_the_host_are_not_there(NetworkAccess network)
    {
        string name = HostProcesses.NewMarker();
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint("\0" + name));
        listener.Listen();
        string connect = $"import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0{name}'); print('connected')";
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { Network = network }));
        Assert.Contains("ConnectionRefusedError", (await session.PythonAsync(connect)).StandardError, StringComparison.Ordinal);
        Assert.Equal("connected\n", (await (await executors.WithNetworkAsync()).PythonAsync(connect)).Output);
    }

    [Fact]
    public async Task The_guests_own_loopback_works() =>
        Assert.Equal("b'x'\n", (await (await executors.GuardedAsync()).PythonAsync(
            "import socket; s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname()); s.accept()[0].send(b'x'); print(c.recv(1))")).Output);

    [Fact]
    public async Task Processes_of_the_host_are_neither_seen_nor_reached()
    {
        string marker = HostProcesses.NewMarker();
        using Process victim = Process.Start("bash", ["-c", $"exec -a {marker} sleep 600"]);
        string look = $"grep -l {marker} /proc/[0-9]*/cmdline 2>/dev/null | grep -v self; kill -0 {victim.Id}";
        try
        {
            CodeResult result = await (await executors.GuardedAsync()).BashAsync(look);
            Assert.Equal(1, result.ExitCode);
            Assert.DoesNotContain($"/proc/{victim.Id}/", result.Output, StringComparison.Ordinal);
            Assert.Equal(0, (await (await executors.HostAsync()).BashAsync($"kill -0 {victim.Id}")).ExitCode);
        }
        finally
        {
            victim.Kill();
            await victim.WaitForExitAsync(Ct);
        }
    }

    [Fact]
    public async Task Variables_of_the_host_reach_neither_a_program_nor_the_agent()
    {
        string secret = HostProcesses.NewMarker();
        Environment.SetEnvironmentVariable("GLOVEBOX_TEST_SECRET", secret);
        try
        {
            const string code = "cat /proc/self/environ /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'";
            await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { HidesAgent = false, UsesSeccomp = false }));
            string seen = (await session.BashAsync(code)).Output;
            Assert.DoesNotContain(secret, seen, StringComparison.Ordinal);

            // The canary: the variables of all processes of the sandbox were seen, those of bwrap and of the agent too.
            Assert.True(seen.Split("HOME=/home/glovebox").Length - 1 >= 2, seen);
        }
        finally
        {
            Environment.SetEnvironmentVariable("GLOVEBOX_TEST_SECRET", null);
        }
    }

    [Fact]
    public async Task Names_and_identities_of_the_host_are_not_there()
    {
        Session guarded = await executors.GuardedAsync();
        Assert.Equal("glovebox\nglovebox\nuid=1000(glovebox) gid=1000(glovebox) groups=1000(glovebox)\n", (await guarded.BashAsync("uname -n; whoami; id | sed 's/,.*//'")).Output);
        Assert.DoesNotContain(Dns.GetHostName(), (await guarded.BashAsync("cat /proc/sys/kernel/hostname; hostname 2>/dev/null; cat /etc/hostname")).StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_has_no_capability_and_gets_none()
    {
        Session guarded = await executors.GuardedAsync();
        string status = (await guarded.BashAsync("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr -d '\\t '")).Output;
        const string none = "0000000000000000";
        Assert.Equal($"CapInh:{none}\nCapPrm:{none}\nCapEff:{none}\nCapBnd:{none}\nCapAmb:{none}\nNoNewPrivs:1\nSeccomp:2\n", status);

        // The canary: this process shows others.
        string own = await File.ReadAllTextAsync("/proc/self/status", Ct);
        Assert.DoesNotContain("CapBnd:\t" + none, own, StringComparison.Ordinal);
        Assert.DoesNotContain("Seccomp:\t2", own, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_would_change_its_user_does_not()
    {
        Session guarded = await executors.GuardedAsync();
        string copy = guarded.Folder["set-uid"];
        File.Copy("/usr/bin/id", copy);
        if (Environment.IsPrivilegedProcess)
        {
            using Process chown = Process.Start("chown", ["0:0", copy]);
            await chown.WaitForExitAsync(Ct);
        }

        guarded.Folder.SetMode("set-uid", "4755");
        Assert.Equal("1000\n", (await guarded.BashAsync("./set-uid -u")).Output);
        Assert.Equal("1000\n", (await guarded.BashAsync("for program in su sudo mount passwd; do command -v $program >/dev/null && $program --version >/dev/null 2>&1; done; id -u")).Output);
        if (Environment.IsPrivilegedProcess)
        {
            // The canary: outside, it makes anybody root.
            using Process canary = Process.Start(new ProcessStartInfo("setpriv", ["--reuid", "4242", "--clear-groups", copy, "-u"]) { RedirectStandardOutput = true })!;
            Assert.Equal("0\n", await canary.StandardOutput.ReadToEndAsync(Ct));
        }
    }

    [Fact]
    public async Task A_program_makes_no_namespaces_of_its_own()
    {
        const string code = "unshare --user --map-root-user true; echo $?; unshare --map-root-user --net --pid --fork true; echo $?";
        Assert.Equal("1\n1\n", (await (await executors.GuardedAsync()).BashAsync(code)).StandardOutput);

        // Without the filter, too: the namespace itself forbids it.
        await using Session unfiltered = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { UsesSeccomp = false }));
        CodeResult result = await unfiltered.BashAsync(code);
        Assert.Equal("1\n1\n", result.StandardOutput);
        Assert.Contains("No space left on device", result.StandardError, StringComparison.Ordinal);

        // The canary: in a sandbox that only lacks that rule, it works.
        using Process canary = Process.Start(new ProcessStartInfo("bwrap", ["--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "unshare", "--user", "--map-root-user", "true"]))!;
        await canary.WaitForExitAsync(Ct);
        Assert.Equal(0, canary.ExitCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Descriptors_of_the_host_are_not_inherited(bool usesAgent)
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["secret"], "a secret of the host", Ct);
        int descriptor = LeakyDescriptor.Open(folder["secret"]);
        try
        {
            const string code = "import os; print([os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')])";
            await using Session session = await Session.StartAsync(usesAgent ? ExecutorKind.Bubblewrap : ExecutorKind.BubblewrapPlain);
            Assert.DoesNotContain("secret", (await session.PythonAsync(code)).Output, StringComparison.Ordinal);
            Assert.Equal("", (await session.BashAsync(string.Create(CultureInfo.InvariantCulture, $"cat <&{descriptor}"))).StandardOutput);

            // Nor does another process of the sandbox have it.
            await using Session visible = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { HidesAgent = false, UsesSeccomp = false }));
            Assert.DoesNotContain("secret", (await visible.BashAsync("ls -l /proc/[0-9]*/fd")).Output, StringComparison.Ordinal);
        }
        finally
        {
            LeakyDescriptor.Close(descriptor);
        }
    }

    [Fact]
    public async Task A_descriptor_that_is_not_marked_is_inherited_by_a_child_that_is_started_plainly()
    {
        // The canary of the test above. A sandbox that is started marks all of them, so this one is opened afterwards; and again when
        // another test has started one just then.
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["secret"], "a secret of the host", Ct);
        string inherited = "";
        for (int i = 0; i < 20 && inherited.Length == 0; i++)
        {
            int descriptor = LeakyDescriptor.Open(folder["secret"]);
            try
            {
                using Process canary = Process.Start(new ProcessStartInfo("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"cat /proc/self/fd/{descriptor}")]) { RedirectStandardOutput = true })!;
                inherited = await canary.StandardOutput.ReadToEndAsync(Ct);
            }
            finally
            {
                LeakyDescriptor.Close(descriptor);
            }
        }

        Assert.Equal("a secret of the host", inherited);
    }
}
