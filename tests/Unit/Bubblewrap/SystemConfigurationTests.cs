using System.Diagnostics;
using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Unit.Bubblewrap;

/// <summary>Which of the host's configuration a sandbox sees: a made-up <c>/etc</c> that belongs to this user.</summary>
public sealed class SystemConfigurationTests : IDisposable
{
    private readonly TestFolder _root = new();
    private readonly TestFolder _copy = new();
    private IReadOnlyList<string> _mounts = [];

    public SystemConfigurationTests() => Directory.CreateDirectory(_root["etc"]);

    [Theory]
    [InlineData("java-17-openjdk/security/java.security", "keystore.password = named, not given")]
    [InlineData("php/8.3/cli/php.ini")]
    [InlineData("R/Renviron")]
    [InlineData("perl/Net/libnet.cfg")]
    [InlineData("fonts/fonts.conf")]
    [InlineData("alternatives/java")]
    [InlineData("mysql/my.cnf")]
    [InlineData("mime.types")]
    [InlineData("gitconfig")]
    [InlineData("ssl/openssl.cnf")]
    public void The_configuration_of_a_program_is_copied(string file, string text = "port = 1")
    {
        Write(file, text);
        Assert.Equal([file], Copied());
        Assert.Equal(text, File.ReadAllText(_copy[file]));
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
        Assert.Empty(Copied());
    }

    [Fact]
    public void What_not_everybody_may_read_is_left_out_and_the_rest_of_its_folder_is_copied()
    {
        Write("php/8.3/cli/php.ini", "x");
        Write("php/8.3/fpm/pool.conf", "x", "640");
        Write("php/secret/key", "x");
        _root.SetMode("etc/php/secret", "750");
        Assert.Equal(["php/8.3/cli/php.ini"], Copied());
    }

    [Fact]
    public void What_not_everybody_may_read_of_var_is_covered_and_the_rest_of_its_folder_is_shown()
    {
        Write("../var/lib/texmf/ls-R", "x");
        Write("../var/lib/texmf/web2c/secret", "x", "640");
        Write("../var/lib/texmf/private/key", "x");
        _root.SetMode("var/lib/texmf/private", "750");
        string arguments = string.Join(' ', Arguments());
        Assert.StartsWith($"--ro-bind-try {_root["var/lib/texmf"]} /var/lib/texmf ", arguments, StringComparison.Ordinal);
        Assert.Contains(" --ro-bind /dev/null /var/lib/texmf/web2c/secret", arguments, StringComparison.Ordinal);
        Assert.Contains(" --tmpfs /var/lib/texmf/private --remount-ro /var/lib/texmf/private", arguments, StringComparison.Ordinal);
        Assert.Equal(10, arguments.Split(' ').Length);
    }

    [Fact]
    public void A_file_or_folder_that_not_everybody_may_read_is_not_shown_at_all()
    {
        Write("gitconfig", "[user]\n", "600");
        Write("java/security", "x");
        _root.SetMode("etc/java", "711");
        Assert.Empty(Copied());
    }

    [Fact]
    public void What_belongs_to_another_user_than_root_is_not_shown()
    {
        Write("perl/Net/libnet.cfg", "x");
        new SystemConfiguration(_root.Path, Libc.EffectiveUserId() + 1).CopyTo(_copy.Path);
        Assert.Empty(_copy.Entries());
        Assert.NotEmpty(Copied());
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
        Assert.Empty(Copied());

        // The canary: the same file without it.
        Write(name, "[global]\nretries = 1\n");
        Assert.Equal([name], Copied());
    }

    [Fact]
    public void A_clients_file_with_a_credential_is_left_out_of_a_folder_that_is_copied()
    {
        Write("mysql/my.cnf", "[client]\nport=1\n");
        Write("mysql/conf.d/x.cnf", "[client]\npassword=x\n");
        Write("mysql/conf.d/long.cnf", new string('x', (64 << 10) + 1));
        Assert.Equal(["mysql/my.cnf"], Copied());
    }

    [Fact]
    public void Links_stay_links_and_what_is_no_file_is_left_out()
    {
        Directory.CreateDirectory(_root["etc/alternatives"]);
        File.CreateSymbolicLink(_root["etc/alternatives/java"], "/etc/shadow");
        using (Process made = Process.Start("mkfifo", [_root["etc/alternatives/pipe"]]))
        {
            made.WaitForExit();
        }

        Assert.Equal(["alternatives/java"], Copied());
        Assert.Equal("/etc/shadow", new FileInfo(_copy["alternatives/java"]).LinkTarget);
    }

    [Fact]
    public void A_link_by_a_listed_name_gives_its_end_only_if_the_rule_allows_that()
    {
        Write("secret", "x", "600");
        File.CreateSymbolicLink(_root["etc/localtime"], _root["etc/secret"]);
        File.CreateSymbolicLink(_root["etc/os-release"], "/usr/lib/os-release");
        File.CreateSymbolicLink(_root["etc/shells"], "shells");
        Assert.Equal(["os-release", "shells"], Copied());
        _root.SetMode("etc/secret", "644");
        Assert.Equal(["localtime", "os-release", "shells"], Copied());
        Assert.Null(new FileInfo(_copy["localtime"]).LinkTarget);
    }

    [Fact]
    public void A_folder_of_many_entries_is_mounted_and_one_with_too_many_to_look_at_left_out()
    {
        Directory.CreateDirectory(_root["etc/fonts"]);
        for (int i = 0; i <= 10_000; i++)
        {
            File.CreateSymbolicLink(_root[$"etc/fonts/{i}"], "x");
        }

        Assert.Empty(Copied());
        Assert.Empty(Arguments());
        File.Delete(_root["etc/fonts/0"]);
        Assert.Empty(Copied());
        Assert.Equal(["--ro-bind-try", _root["etc/fonts"], "/etc/fonts"], Arguments());
        Assert.True(Directory.Exists(_copy["fonts"]));
    }

    [Fact]
    public void Every_file_that_this_machine_copies_is_one_that_everybody_may_read()
    {
        SystemConfiguration.Host.CopyTo(_copy.Path);
        string[] copied = Files();
        Assert.Contains("nsswitch.conf", copied);
        Assert.All(copied, file =>
        {
            Libc.FileStatus status = Libc.Status("/etc/" + file);
            Assert.True(status.IsLink || status.Uid == 0 && (status.Mode & 4) != 0, file);
        });
    }

    public void Dispose()
    {
        _root.Dispose();
        _copy.Dispose();
    }

    private IReadOnlyList<string> Arguments()
    {
        Copied();
        return _mounts;
    }

    private string[] Copied()
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(_copy.Path))
        {
            if (Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }

        _mounts = new SystemConfiguration(_root.Path, Libc.EffectiveUserId()).CopyTo(_copy.Path);
        return Files();
    }

    private string[] Files() =>
    [
        .. Directory.EnumerateFileSystemEntries(_copy.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(p => new FileInfo(p) is { LinkTarget: not null } or { Exists: true })
            .Select(p => Path.GetRelativePath(_copy.Path, p))
            .Order(StringComparer.Ordinal),
    ];

    private void Write(string file, string text, string mode = "644")
    {
        string path = _root["etc/" + file];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        _root.SetMode("etc/" + file, mode);
    }
}
