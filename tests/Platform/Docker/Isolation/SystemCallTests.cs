#pragma warning disable xUnit1069 // What the tests call gives the token on.
using System.Runtime.InteropServices;
using System.Text.Json;
using Glovebox.Docker.Seccomp;
using Glovebox.Tests.Platform.Docker.Support;
using Glovebox.Sandboxes.Seccomp;

namespace Glovebox.Tests.Platform.Docker.Isolation;

/// <summary>System calls in containers: our profile, the agent's filter, and each without the other.</summary>
public sealed class SystemCallTests
{
    private const int Longest = 240_000;

    private const string Call = """
        import ctypes, errno, platform, socket
        libc = ctypes.CDLL(None, use_errno=True)
        def call(x64, arm64, *arguments):
            result = libc.syscall(ctypes.c_long(x64 if platform.machine() == 'x86_64' else arm64), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
            return errno.errorcode[ctypes.get_errno()] if result == -1 else 'OK'
        def tried(family, kind):
            try:
                socket.socket(family, kind).close()
                return 'OK'
            except OSError as e:
                return errno.errorcode[e.errno]

        """;

    private static string Level(ICodeExecutor executor) => executor.GetService<SandboxCapabilities>()!.Controls.Single(c => c.Name == "seccomp").Mechanism;

    [Theory(Timeout = Longest)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dangerous_calls_and_families_are_refused(bool usesAgent)
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(internals: new() { UsesAgent = usesAgent, AgentFilters = false });
        Assert.Equal("Glovebox's profile", Level(executor));
        const string program = Call + """
            print(call(425, 425, 1, ctypes.create_string_buffer(120)), call(101, 117, 0, 0, 0, 0), call(437, 437, -1, 0, 0, 0), call(435, 435, 0, 0),
                  call(272, 97, 0), call(303, 264, -1, 0, 0, 0, 0), tried(40, socket.SOCK_STREAM), tried(38, socket.SOCK_SEQPACKET), tried(socket.AF_KEY, socket.SOCK_RAW))
            print(tried(socket.AF_UNIX, socket.SOCK_STREAM), tried(socket.AF_INET, socket.SOCK_DGRAM), tried(socket.AF_INET6, socket.SOCK_STREAM), tried(16, socket.SOCK_RAW))
            """;
        Assert.Equal("EPERM EPERM ENOSYS ENOSYS EPERM EPERM EPERM EPERM EPERM\nOK OK OK OK", await executor.PrintAsync("python", program));
    }

    [Fact(Timeout = Longest)]
    public async Task Without_the_profile_an_engine_of_some_age_allows_some()
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(internals: new() { SendsProfile = false, AgentFilters = false });
        Assert.Equal("OK", (await executor.PrintAsync("python", Call + "print(call(101, 117, 0, 0, 0, 0))")));
    }

    [Fact(Timeout = Longest)]
    public async Task The_agents_filter_alone_refuses_them_too()
    {
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(internals: new() { SendsProfile = false });
        Assert.Equal("the engine's profile, and the guest agent's filter", Level(executor));
        Assert.Equal("EPERM ENOSYS EAFNOSUPPORT", await executor.PrintAsync(
            "python", Call + "print(call(101, 117, 0, 0, 0, 0), call(437, 437, -1, 0, 0, 0), tried(38, socket.SOCK_SEQPACKET))"));
        Assert.Equal("2", await executor.PrintAsync("bash", "sed -n 's/^Seccomp:[[:space:]]*//p' /proc/self/status"));
    }

    [Fact(Timeout = Longest)]
    public async Task A_profile_may_be_named_and_set_id_files_are_refused_all_the_same()
    {
        string path = Path.GetTempFileName();
        try
        {
            // What tracers need, and no uname.
            await File.WriteAllTextAsync(
                path,
                """{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{ "names": ["uname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22 }] }""",
                TestContext.Current.CancellationToken);
            await using DockerCommandLineCodeExecutor named = await TestContainers.StartAsync(new() { Image = TestImages.Python, SeccompProfile = path });
            Assert.Equal("EINVAL OK", await named.PrintAsync("python", Call.Replace("platform.machine()", "'x86_64'", StringComparison.Ordinal)
                + "print(call(63, 160, ctypes.create_string_buffer(400)), call(101, 117, 0, 0, 0, 0))"));
            Assert.Equal($"the profile {path}; the guest agent refuses set-user-id bits", Level(named));
            Assert.Equal("", await named.PrintAsync("bash", "touch f; chmod 4755 f 2>/dev/null; find . -perm /6000"));
        }
        finally
        {
            File.Delete(path);
        }

        await using DockerCommandLineCodeExecutor unconfined = await TestContainers.StartAsync(new() { Image = TestImages.Python, SeccompProfile = "unconfined" });
        Assert.StartsWith("unconfined, as asked for", Level(unconfined), StringComparison.Ordinal);
        Assert.Equal("OK", await unconfined.PrintAsync("python", Call + "print(call(101, 117, 0, 0, 0, 0))"));
        Assert.Equal("", await unconfined.PrintAsync("bash", "touch f; chmod 4755 f 2>/dev/null; find . -perm /6000"));
    }

    [Theory]
    [InlineData("/no/such/profile.json", "cannot be read")]
    [InlineData("/etc/hostname", "cannot be read")]
    [InlineData("/", "cannot be read")]
    public void A_profile_that_is_none_is_refused(string path, string reason) => Assert.Contains(
        reason, Assert.Throws<ArgumentException>(() => new DockerCommandLineCodeExecutor(new() { SeccompProfile = path })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Our_profile_allows_nothing_that_the_table_refuses(bool allowsSetId)
    {
        foreach (Architecture architecture in new[] { Architecture.X64, Architecture.Arm64 })
        {
            using JsonDocument profile = JsonDocument.Parse(ProfileWriter.Write(architecture, allowsSetId)!);
            Assert.Equal("SCMP_ACT_ERRNO", profile.RootElement.GetProperty("defaultAction").GetString());
            JsonElement[] rules = [.. profile.RootElement.GetProperty("syscalls").EnumerateArray()];
            string[] always = [.. rules.Where(r => r.GetProperty("action").GetString() == "SCMP_ACT_ALLOW" && r.GetProperty("args").GetArrayLength() == 0).SelectMany(Names)];
            string[] ever = [.. rules.Where(r => r.GetProperty("action").GetString() == "SCMP_ACT_ALLOW").SelectMany(Names)];
            Assert.Empty(ever.Intersect(SystemCallTable.Rules.Where(r => r.AllowedWhen.Count == 0).Select(r => r.Name)));
            string[] setId = [.. SystemCallTable.Rules.Where(r => r is { KeepsSetIdAway: true, AllowedWhen.Count: > 0 }).Select(r => r.Name)];
            Assert.Equal(allowsSetId ? setId.Order() : [], always.Intersect(setId).Order());
            Assert.Empty(setId.Except(ever));
            Assert.Contains("socket", ever);
            Assert.DoesNotContain("socket", always);
            Assert.Equal(always.Length, always.Distinct().Count());
        }

        static IEnumerable<string> Names(JsonElement rule) => rule.GetProperty("names").EnumerateArray().Select(n => n.GetString()!);
    }
}
