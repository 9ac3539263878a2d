using System.Diagnostics;
using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Unit.Bubblewrap;

/// <summary>Which of the host's configuration a sandbox sees: a made-up <c>/etc</c> that belongs to this user.</summary>
public sealed class SystemConfigurationTests : IDisposable
{
    private readonly TestFolder _root = new();

    public SystemConfigurationTests() => Directory.CreateDirectory(_root["etc"]);

    [Theory]
    [InlineData("java-17-openjdk/security/java.security", "java-17-openjdk", "keystore.password = named, not given")]
    [InlineData("php/8.3/cli/php.ini", "php")]
    [InlineData("R/Renviron", "R")]
    [InlineData("perl/Net/libnet.cfg", "perl")]
    [InlineData("fonts/fonts.conf", "fonts")]
    [InlineData("alternatives/java", "alternatives")]
    [InlineData("mysql/my.cnf", "mysql")]
    [InlineData("mime.types", "mime.types")]
    [InlineData("gitconfig", "gitconfig")]
    public void The_configuration_of_a_program_is_shown_read_only(string file, string shown, string text = "port = 1")
    {
        Write(file, text);
        Assert.Equal(["--ro-bind-try", _root[$"etc/{shown}"], $"/etc/{shown}"], Arguments());
    }

    [Theory]
    [InlineData("shadow")]
    [InlineData("ssh/ssh_host_rsa_key")]
    [InlineData("ssl/private/key.pem")]
    [InlineData("sudoers.d/x")]
    [InlineData("jav")]
    [InlineData("docker/daemon.json")]
    [InlineData("profile.d/token.sh")]
    [InlineData("environment")]
    public void What_is_not_listed_is_not_shown(string file)
    {
        Write(file, "x");
        Assert.Empty(Arguments());
    }

    [Fact]
    public void What_not_everybody_may_read_is_covered_and_the_rest_of_its_folder_is_shown()
    {
        Write("php/8.3/cli/php.ini", "x");
        Write("php/8.3/fpm/pool.conf", "x", "640");
        Write("php/secret/key", "x");
        _root.SetMode("etc/php/secret", "750");
        string arguments = string.Join(' ', Arguments());
        Assert.StartsWith($"--ro-bind-try {_root["etc/php"]} /etc/php ", arguments, StringComparison.Ordinal);
        Assert.Contains(" --ro-bind /dev/null /etc/php/8.3/fpm/pool.conf", arguments, StringComparison.Ordinal);
        Assert.Contains(" --tmpfs /etc/php/secret --remount-ro /etc/php/secret", arguments, StringComparison.Ordinal);
        Assert.Equal(10, arguments.Split(' ').Length);
    }

    [Fact]
    public void A_file_or_folder_that_not_everybody_may_read_is_not_shown_at_all()
    {
        Write("gitconfig", "[user]\n", "600");
        Write("java/security", "x");
        _root.SetMode("etc/java", "711");
        Assert.Empty(Arguments());
    }

    [Fact]
    public void What_belongs_to_another_user_than_root_is_not_shown()
    {
        Write("perl/Net/libnet.cfg", "x");
        Assert.NotEmpty(Arguments());
        Assert.Empty(new SystemConfiguration(_root.Path, Libc.EffectiveUserId() + 1).Arguments());
    }

    [Theory]
    [InlineData("gitconfig", "[url \"https://robot:hunter2@example.org\"]\n")]
    [InlineData("gitconfig", "[http]\n\textraHeader = Authorization: Basic eA==\n")]
    [InlineData("npmrc", "//registry.example.org/:_authToken=x\n")]
    [InlineData("npmrc", "//registry.example.org/:_password=x\n")]
    [InlineData("pip.conf", "[global]\nindex-url = https://user:x@example.org/simple\n")]
    [InlineData("pip.conf", "[global]\nindex-url = https://token@example.org/simple\n")]
    [InlineData("my.cnf", "[client]\nPassword=x\n")]
    public void A_clients_settings_with_a_credential_are_not_shown(string name, string text)
    {
        Write(name, text);
        Assert.Empty(Arguments());

        // The canary: the same file without it.
        Write(name, "[global]\nretries = 1\n");
        Assert.Equal(["--ro-bind-try", _root[$"etc/{name}"], $"/etc/{name}"], Arguments());
    }

    [Fact]
    public void A_clients_file_with_a_credential_is_covered_in_a_folder_that_is_shown()
    {
        Write("mysql/my.cnf", "[client]\nport=1\n");
        Write("mysql/conf.d/x.cnf", "[client]\npassword=x\n");
        Write("mysql/conf.d/long.cnf", new string('x', (64 << 10) + 1));
        Assert.Equal(
            ["/dev/null /etc/mysql/conf.d/long.cnf", "/dev/null /etc/mysql/conf.d/x.cnf"],
            Arguments()[3..].Chunk(3).Select(a => $"{a[1]} {a[2]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_stay_links_and_what_is_no_file_is_covered()
    {
        Directory.CreateDirectory(_root["etc/alternatives"]);
        File.CreateSymbolicLink(_root["etc/alternatives/java"], "/etc/shadow");
        Assert.Equal(3, Arguments().Count);
        using (Process made = Process.Start("mkfifo", [_root["etc/alternatives/pipe"]]))
        {
            made.WaitForExit();
        }

        Assert.Equal(["--ro-bind", "/dev/null", "/etc/alternatives/pipe"], Arguments()[3..]);
    }

    [Fact]
    public void A_link_by_a_listed_name_shows_its_end_only_if_the_rule_allows_that()
    {
        Write("secret", "x", "600");
        File.CreateSymbolicLink(_root["etc/localtime"], _root["etc/secret"]);
        Assert.Empty(Arguments());
        _root.SetMode("etc/secret", "644");
        Assert.Equal(["--ro-bind-try", _root["etc/localtime"], "/etc/localtime"], Arguments());
    }

    [Fact]
    public void A_folder_with_too_much_to_look_at_is_not_shown()
    {
        Directory.CreateDirectory(_root["etc/fonts"]);
        for (int i = 0; i <= 10_000; i++)
        {
            File.CreateSymbolicLink(_root[$"etc/fonts/{i}"], "x");
        }

        Assert.Empty(Arguments());
        File.Delete(_root["etc/fonts/0"]);
        Assert.NotEmpty(Arguments());
    }

    [Fact]
    public void Every_file_that_this_machine_shows_is_roots_and_can_be_read_by_everybody()
    {
        string[] arguments = [.. SystemConfiguration.Host.Arguments()];
        Assert.Contains("--ro-bind-try", arguments);
        HashSet<string> covered = [.. arguments.Chunk(3).Where(a => a[0] == "--ro-bind").Select(a => a[2])];
        foreach (string shown in arguments.Chunk(3).Where(a => a[0] == "--ro-bind-try").Select(a => a[2]).Where(File.Exists).Except(covered))
        {
            Libc.FileStatus status = Libc.Status(shown);
            Assert.True(status.Uid == 0 && (status.Mode & 4) != 0, shown);
        }
    }

    public void Dispose() => _root.Dispose();

    private List<string> Arguments() => [.. new SystemConfiguration(_root.Path, Libc.EffectiveUserId()).Arguments()];

    private void Write(string file, string text, string mode = "644")
    {
        string path = _root["etc/" + file];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        _root.SetMode("etc/" + file, mode);
    }
}
