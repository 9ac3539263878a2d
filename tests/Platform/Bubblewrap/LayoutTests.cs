using System.Diagnostics;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>What programs expect of a machine is there: its names, its folders, the configuration of what is installed.</summary>
public sealed class LayoutTests(HostFixture executors) : IClassFixture<HostFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("localhost", "127.0.0.1", "socket.AF_INET")]
    [InlineData("localhost", "::1", "socket.AF_INET6")]
    [InlineData("glovebox", "127.0.0.1", "socket.AF_INET")]
    [InlineData("glovebox", "::1", "socket.AF_INET6")]
    public async Task The_names_of_the_sandboxs_own_machine_lead_to_its_loopback(string name, string address, string family)
    {
        string code = $"import socket; print(sorted({{a[4][0] for a in socket.getaddrinfo('{name}', 80, {family})}}))";
        Assert.Equal($"['{address}']\n", (await (await executors.GuardedAsync()).PythonAsync(code)).Output);
    }

    [Fact]
    public async Task With_the_hosts_network_the_hosts_names_are_kept()
    {
        string hosts = (await (await executors.WithNetworkAsync()).BashAsync("cat /etc/hosts")).Output;
        Assert.StartsWith((await File.ReadAllTextAsync("/etc/hosts", Ct)).TrimEnd(), hosts, StringComparison.Ordinal);
        Assert.Contains("\n127.0.0.1 glovebox\n", hosts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_is_reached_by_the_names_of_its_machine()
    {
        const string code = """
            import http.server, socket, threading, urllib.request
            s = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
            threading.Thread(target=s.serve_forever, daemon=True).start()
            for name in 'localhost', socket.gethostname():
                print(name, urllib.request.urlopen(f'http://{name}:{s.server_port}/').status)
            """;
        Assert.Equal("localhost 200\nglovebox 200\n", (await (await executors.GuardedAsync()).PythonAsync(code)).StandardOutput);
        Assert.Equal("localhost 200\nglovebox 200\n", (await (await executors.WithNetworkAsync()).PythonAsync(code)).StandardOutput);
    }

    /// <summary>Programs that read files below <c>/etc</c>, as far as this machine has them; each says hi. Perl is always there.</summary>
    public static TheoryData<string, string> InstalledPrograms
    {
        get
        {
            (string, string)[] known =
            [
                ("java", "printf 'public class A { public static void main(String[] a) { System.out.println(\"hi\"); } }' >A.java; java A.java"),
                ("perl", "perl -MNet::Config -e 'print \"hi\\n\"'"),
                ("mvn", "{ mvn -v | grep Maven; } >made 2>&1 && echo hi"),
                ("Rscript", "Rscript -e 'cat(\"hi\\n\")'"),
                ("php", "php -r 'echo \"hi\\n\";'"),
                ("git", "git init -q r && git config -l >/dev/null && echo hi"),
            ];
            return [.. known.Where(k => File.Exists($"/usr/bin/{k.Item1}"))];
        }
    }

    [Theory]
    [InlineData("echo ::1 | python3 -c 'import socket; print(socket.gethostbyaddr(input())[0])'", "localhost")]
    [InlineData("python3 -c 'import socket; print(socket.gethostbyaddr(\"127.0.0.1\")[0])'", "localhost")]
    [InlineData("cat /etc/hostname", "glovebox")]
    [InlineData("hostname -f", "glovebox")]
    [InlineData("getent hosts localhost >/dev/null && getent hosts glovebox >/dev/null && echo found", "found")]
    [InlineData("python3 -c 'import socket; print(socket.getservbyname(\"http\"), socket.getprotobyname(\"tcp\"))'", "80 6")]
    public async Task Names_are_looked_up_as_on_any_machine(string command, string expected)
    {
        CodeResult result = await (await executors.GuardedAsync()).BashAsync(command);
        Assert.Equal($"{expected}\n", result.Output);
    }

    [Theory]
    [InlineData("mktemp -p /var/tmp >/dev/null && TMPDIR=/var/tmp mktemp >/dev/null && stat -c %a /var/tmp", "1777")]
    [InlineData("ls -d /var /var/lib /var/cache /var/log /var/spool /var/run/lock /var/lock/. /run/lock /opt >/dev/null && ls -A /var/log /opt | wc -w", "2")]
    [InlineData("readlink -f /var/run /var/lock /etc/mtab | sed 's/[0-9][0-9]*/N/'", "/run\n/run/lock\n/proc/N/mounts")]
    [InlineData("df /var/tmp >/dev/null && echo shown", "shown")]
    [InlineData("echo x | cat /dev/fd/0 - </dev/stdin >/dev/stdout; diff <(echo a) <(echo a) && ls -d /dev/ptmx /dev/tty >/dev/null && echo same", "x\nsame")]
    [InlineData("getent passwd $(id -u) | cut -d: -f1,6; ls -ld ~ >/dev/null && echo ~glovebox ~root", "glovebox:/home/glovebox\n/home/glovebox /root")]
    [InlineData("python3 -c 'import pathlib; print(pathlib.Path(\"/usr\").owner(), pathlib.Path.home().owner(), pathlib.Path(\"/workspace\").group())'", "nobody glovebox glovebox")]
    [InlineData("grep -c / /etc/shells | sed 's/.*/shells/'; cat /etc/host.conf >/dev/null && echo read", "shells\nread")]
    public async Task Folders_and_files_are_where_programs_look_for_them(string command, string expected)
    {
        CodeResult result = await (await executors.GuardedAsync()).BashAsync(command);
        Assert.Equal($"{expected}\n", result.Output);
    }

    [Theory]
    [MemberData(nameof(InstalledPrograms))]
    public async Task A_program_that_is_installed_finds_its_configuration(string program, string command)
    {
        CodeResult result = await (await executors.GuardedAsync()).BashAsync(command);
        Assert.True(result.Output == "hi\n", $"{program}: {result.Output}");
    }

    [Fact]
    public async Task Files_and_folders_of_etc_that_are_named_are_shown_and_no_others()
    {
        const string look = "ls -d /etc/pam.d/login /etc/login.defs /etc/security/limits.conf 2>/dev/null | wc -l; ls -A /etc/security 2>/dev/null";
        await using BubblewrapCommandLineCodeExecutor executor = new(
            new() { ReadOnlyPaths = { "/etc/pam.d", "/etc/login.defs", "/etc/security/limits.conf" } });
        Assert.Equal("3\nlimits.conf\n", (await executor.ExecuteCodeBlocksAsync([new("bash", look)], Ct)).Output);
        Assert.StartsWith("0\n", (await (await executors.GuardedAsync()).BashAsync(look)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_file_is_the_hosts_and_no_file_of_another_user_or_for_root_alone_is_among_them()
    {
        const string look = "find -L /etc -type f ! -path '/etc/ssl/certs/*' 2>/dev/null | sort";
        string[] shown = (await (await executors.GuardedAsync()).BashAsync(look)).StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("/etc/hosts", shown);
        foreach (string file in shown.Where(File.Exists).Except(["/etc/passwd", "/etc/group", "/etc/hosts", "/etc/hostname", "/etc/mtab"]))
        {
            using Process stat = Process.Start(new ProcessStartInfo("stat", ["-L", "-c", "%u %a", file]) { RedirectStandardOutput = true })!;
            Assert.Matches("^0 [0-7]*[4-7]\n$", await stat.StandardOutput.ReadToEndAsync(Ct));
        }
    }

    [Fact]
    public async Task A_path_of_the_callers_is_shown_in_a_folder_that_is_there_anyway()
    {
        using TestFolder folder = new("/var/tmp");
        await File.WriteAllTextAsync(folder["shown"], "shown\n", Ct);
        folder.SetMode("", "755");
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { ReadOnlyPaths = { folder.Path, "/var/log" } });
        await executor.StartAsync(Ct);
        Assert.Equal(
            "shown\nother\n",
            (await executor.ExecuteCodeBlocksAsync(
                [new("bash", $"cat {folder["shown"]}; echo other >/var/tmp/other && cat /var/tmp/other")], Ct)).Output);
    }

    [Theory]
    [InlineData("/var/run")]
    [InlineData("/var/run/glovebox")]
    [InlineData("/var/run/glovebox/agent.py")]
    public void A_path_that_would_hide_what_the_sandbox_has_is_refused_by_either_name(string path) =>
        Assert.Throws<ArgumentException>(() => new BubblewrapCommandLineCodeExecutor(new() { ReadOnlyPaths = { path } }));
}
