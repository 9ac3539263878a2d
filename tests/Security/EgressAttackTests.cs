using Glovebox.Egress;
using Glovebox.Docker;
using Glovebox.Tests.Common.Egress;
using Glovebox.Tests.Security.Harness;

namespace Glovebox.Tests.Security;

/// <summary>What guest code that may reach some hosts does to reach others, to get at secrets, and to keep the proxy busy. What is sent to
/// the proxy byte by byte is tried without a sandbox: see ProxyRequestTests of the contract.</summary>
public sealed class EgressAttackTests : IAsyncLifetime
{
    private const string Bubblewrap = "bubblewrap", Container = "Docker";
    private const string Value = "sk-glovebox-secret-0123456789";

    /// <summary>How many descriptors of the host a guest's connections may take. Both ends of a tunnel are this process's, whose server it
    /// is; what other tests have open comes to it.</summary>
    private const int MostDescriptors = 1500;

    private readonly EgressLab _lab = new();

    /// <summary>All that the guest of a sandbox without a network cannot do, it cannot do with a list either; their canaries are those of
    /// <see cref="NetworkAttackTests"/>.</summary>
    public static TheoryData<string, string> Tries
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string attack in Attack.Of("network").Where(a => !a.IsJudgedByHost).Select(a => a.Name)
                .Concat(["egress/spellings", "egress/secret", "egress/memory", "egress/core", "egress/squat", "kernel/socket_families"]))
            {
                foreach (string setUp in SetUpsWithLists)
                {
                    data.Add(attack, setUp);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> All => [.. SetUpsWithLists];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string[] SetUpsWithLists => SetUps.All.Any(SetUps.IsContainer) ? [Bubblewrap, Container] : [Bubblewrap];

    private IReadOnlyDictionary<string, object> Facts => HostFacts.Current.With(
        ("address", "127.0.0.1"),
        ("server", _lab.Plain.Port),
        ("good", $"good.test:{_lab.Plain.Port}"),
        ("proxy", 3128),
        ("flood", 10_000),
        ("kept", 3_000),
        ("secret_begins", "sk-glovebox-secret-"),
        ("bound", _lab.Https("api.test", "/echo")),
        ("unbound", _lab.Http("good.test", "/echo")));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Theory(Timeout = AttackTests.Limit)]
    [MemberData(nameof(Tries))]
    public async Task An_attack_is_refused(string attack, string setUp)
    {
        await using AttackedSandbox sandbox = await StartAsync(
            setUp, ["good.test@ private", "api.test@ private"], o => o.Egress.Secrets.Add(Secret));
        Verdict verdict = await RunAsync(sandbox, attack, Facts);
        Assert.True(verdict.IsRefused, verdict.Text);
        Assert.Equal("on\n", (await sandbox.AskAsync(new(AttackedAction.Run, "print('on')"), Ct)).Output);
    }

    [Fact(Timeout = AttackTests.Limit)]
    public async Task An_address_that_a_rule_names_is_reached()
    {
        await using AttackedSandbox sandbox = await StartAsync(Bubblewrap, ["127.0.0.1@"]);
        Verdict verdict = await RunAsync(sandbox, "egress/spellings", Facts);
        Assert.True(verdict.HasSucceeded, verdict.Text);
    }

    [Theory(Timeout = AttackTests.Limit)]
    [InlineData("egress/secret")]
    [InlineData("egress/memory")]
    public async Task A_value_that_is_given_as_a_variable_is_found(string attack)
    {
        await using AttackedSandbox sandbox = await StartAsync(Bubblewrap, ["good.test@ private"], o => o.Environment["API_KEY"] = Value);
        Verdict verdict = await RunAsync(sandbox, attack, Facts);
        Assert.True(verdict.HasSucceeded, verdict.Text);
    }

    [Fact(Timeout = AttackTests.Limit)]
    public async Task A_port_at_which_no_proxy_listens_is_taken()
    {
        await using AttackedSandbox sandbox = await StartAsync(Bubblewrap, ["good.test@ private"]);
        Verdict verdict = await RunAsync(sandbox, "egress/squat", HostFacts.Current.With(("proxy", 3129)));
        Assert.True(verdict.HasSucceeded, verdict.Text);
    }

    [Theory(Timeout = AttackTests.Limit)]
    [MemberData(nameof(All))]
    public async Task Ten_thousand_connections_cost_the_host_little_and_no_other_sandbox_anything(string setUp)
    {
        await using AttackedSandbox hostile = await StartAsync(setUp, ["good.test@ private"]);
        await using AttackedSandbox other = await StartAsync(setUp, ["good.test@ private"]);
        string get = $"import urllib.request; print(urllib.request.urlopen('{_lab.Http("good.test")}', timeout=60).read().decode())";
        int asked = 0;
        (AttackedAnswer flooded, int descriptors, long memory) = await MeasureAsync(
            hostile.AskAsync(new(AttackedAction.Run, Attack.Load("egress/flood").Code(Facts)), Ct),
            async () =>
            {
                Assert.Equal("hello\n", (await other.AskAsync(new(AttackedAction.Run, get), Ct)).Output);
                asked++;
            });
        Assert.True(flooded.Output == "flooded True\n", flooded.ToString());
        Assert.True(asked > 1);

        Assert.InRange(descriptors, 0, MostDescriptors);
        Assert.InRange(memory, long.MinValue, 300 << 20);
        Assert.Equal("hello\n", (await hostile.AskAsync(new(AttackedAction.Run, get), Ct)).Output);
        await Eventually.HoldsAsync(() => _lab.Plain.Open <= 4, "the tunnels end with their program");
    }

    [Fact(Timeout = AttackTests.Limit)]
    public async Task Without_the_agent_between_them_connections_cost_the_host_much()
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@ private"), _lab.Configure);
        using TestFolder folder = new();
        (AttackedAnswer flooded, int descriptors, _) = await MeasureAsync(
            HostRun.RunAsync(Attack.Load("egress/flood").Code(HostFacts.Current.With(
                ("good", Facts["good"]), ("proxy", proxy.Port), ("flood", 3_000), ("kept", 3_000))), folder),
            () => Task.CompletedTask);
        Assert.True(flooded.Output == "flooded True\n", flooded.ToString());
        Assert.True(descriptors > MostDescriptors, $"{descriptors}");
    }

    /// <summary>In a sandbox no dump is written at all; the canary has one, where the kernel writes them into files.</summary>
    [Fact(Timeout = AttackTests.Limit)]
    public async Task A_value_that_is_given_as_a_variable_is_found_in_a_core_dump()
    {
        using TestFolder folder = new();
        Verdict verdict = Verdict.Of(await HostRun.RunAsync(Attack.Load("egress/core").Code(Facts), folder, "env", $"API_KEY={Value}"));
        bool isFile = !(await File.ReadAllTextAsync("/proc/sys/kernel/core_pattern", Ct)).StartsWith('|');
        Assert.True(isFile ? verdict.HasSucceeded : verdict.IsRefused, verdict.Text);
    }

    [Fact(Timeout = AttackTests.Limit)]
    public async Task A_proxy_that_guest_code_has_replaced_inside_gets_what_stands_for_a_secret_alone()
    {
        await using AttackedSandbox sandbox = await StartAsync(
            Bubblewrap, ["good.test@ private", "api.test@ private"], o => o.Egress.Secrets.Add(Secret));
        AttackedAnswer answer = await sandbox.AskAsync(
            new(
                AttackedAction.Run,
                $$"""
                import os, socket, threading, urllib.request
                own = socket.create_server(('127.0.0.1', 3130))
                def serve():
                    connection, _ = own.accept()
                    print('got', connection.recv(65536).decode().count('{{Value}}'), flush=True)
                    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nme')
                    connection.close()
                thread = threading.Thread(target=serve)
                thread.start()
                os.environ['http_proxy'] = 'http://127.0.0.1:3130'
                request = urllib.request.Request('{{_lab.Http("api.test")}}', headers={'X-Key': os.environ['API_KEY']})
                print(urllib.request.urlopen(request, timeout=20).read().decode())
                thread.join()
                """),
            Ct);
        Assert.Equal("got 0\nme\n", answer.Output);
    }

    private EgressSecret Secret => _lab.Secret(Value, "Authorization: Bearer {value}", "api.test@");

    /// <summary>Does something over and over until a task is over, and gives what this process had more than before at most: descriptors,
    /// and bytes of memory.</summary>
    private static async Task<(AttackedAnswer Answer, int Descriptors, long Memory)> MeasureAsync(
        Task<AttackedAnswer> task, Func<Task> meanwhile)
    {
        long memory = GC.GetTotalMemory(forceFullCollection: true), mostMemory = 0;
        int descriptors = Descriptors(), mostDescriptors = 0;
        do
        {
            await meanwhile();
            mostDescriptors = Math.Max(mostDescriptors, Descriptors() - descriptors);
            mostMemory = Math.Max(mostMemory, GC.GetTotalMemory(forceFullCollection: false) - memory);
        }
        while (await Task.WhenAny(task, Task.Delay(20, Ct)) != task);
        return (await task, mostDescriptors, mostMemory);
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static async Task<Verdict> RunAsync(AttackedSandbox sandbox, string attack, IReadOnlyDictionary<string, object> facts) =>
        Verdict.Of(await sandbox.AskAsync(new(AttackedAction.Run, Attack.Load(attack).Code(facts)), Ct));

    private async Task<AttackedSandbox> StartAsync(string setUp, string[] rules, Action<CommandLineCodeExecutorOptions>? configure = null)
    {
        CommandLineCodeExecutorOptions options = setUp == Container
            ? new DockerCommandLineCodeExecutorOptions { Image = "glovebox-test-python", PullPolicy = PullPolicy.Never }
            : new BubblewrapCommandLineCodeExecutorOptions();
        options.Timeout = TimeSpan.FromSeconds(110);
        options.Policy = _lab.Policy(rules);
        _lab.Configure(options.Egress);
        configure?.Invoke(options);
        ICodeExecutor executor = options is DockerCommandLineCodeExecutorOptions docker
            ? new DockerCommandLineCodeExecutor(docker)
            : new BubblewrapCommandLineCodeExecutor((BubblewrapCommandLineCodeExecutorOptions)options);
        AttackedSandbox sandbox = new(executor);
        try
        {
            await executor.StartAsync(Ct);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }
}
