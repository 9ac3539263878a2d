using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>While pip fetches packages, where it has the host's network and a password, it runs no code of a package.</summary>
public sealed class PackageFetchTests : IDisposable
{
    private readonly HostListeners _listeners = new();
    private readonly WheelIndex _files = new();

    public void Dispose()
    {
        _listeners.Dispose();
        _files.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task Wheels_are_fetched_from_an_index_with_a_password_and_so_is_what_they_require()
    {
        _files.Add("gb_base", "1.0", "BASE = 'base'");
        _files.Add("gb_tool", "2.1", "import gb_base\nTOOL = 'tool on ' + gb_base.BASE", "gb_base>=1");
        await using PackageIndexServer server = new(_files);
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, From(server, "gb_tool>=2"));
        Assert.Equal("tool on base\n", await OutputAsync(session, "import gb_tool\nprint(gb_tool.TOOL)", TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_password_is_not_in_a_command_line_that_users_of_the_host_can_read()
    {
        _files.Add("gb_tool", "2.1", "");
        await using PackageIndexServer server = new(_files);
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(From(server, "gb_tool"));
        await executor.StartAsync(TestContext.Current.CancellationToken);

        // The canary is a variable of the same sandbox that is no secret.
        Assert.Contains("PIP_BREAK_SYSTEM_PACKAGES", server.CommandLines, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Password, server.CommandLines, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_wheel_is_fetched_by_its_address()
    {
        _files.Add("gb_base", "1.0", "BASE = 'base'");
        _files.Add("gb_tool", "2.1", "import gb_base\nTOOL = 'tool on ' + gb_base.BASE", "gb_base>=1");
        await using PackageIndexServer server = new(_files);
        await using Session session = await Session.StartAsync(
            ExecutorKind.Bubblewrap, From(server, $"gb_tool @ {server.FileUrl("gb_tool-2.1-py3-none-any.whl")}"));
        Assert.Equal("tool on base\n", await OutputAsync(session, "import gb_tool\nprint(gb_tool.TOOL)", TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_package_of_the_index_without_a_wheel_is_not_built_and_the_hint_says_what_to_do()
    {
        _files.AddSource("gb_evil", "1.0", _listeners.Attack);
        await using PackageIndexServer server = new(_files);
        FunctionSetupException e = await FailsAsync(server, "gb_evil", TestContext.Current.CancellationToken);
        Assert.StartsWith("Pip install failed. ", e.Message, StringComparison.Ordinal);
        Assert.Contains("No matching distribution found for gb_evil", e.Message, StringComparison.Ordinal);
        Assert.Contains("no wheel", e.Hint, StringComparison.Ordinal);
        Assert.Contains("PIP_FIND_LINKS", e.Hint, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_wheel_cannot_have_pip_build_what_it_requires_by_its_address()
    {
        await using PackageIndexServer server = new(_files);
        _files.AddSource("gb_evil", "1.0", _listeners.Attack);
        _files.Add("gb_tool", "1.0", "", $"gb_evil @ {server.FileUrl("gb_evil-1.0.tar.gz")}");
        FunctionSetupException e = await FailsAsync(server, "gb_tool", TestContext.Current.CancellationToken);
        Assert.StartsWith("Pip install failed. ", e.Message, StringComparison.Ordinal);
        Assert.Contains("must be built", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Traceback", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_canary_is_built_by_a_pip_that_was_told_to_take_only_wheels()
    {
        await using PackageIndexServer server = new(_files);
        _files.AddSource("gb_evil", "1.0", _listeners.Attack);
        _files.Add("gb_tool", "1.0", "", $"gb_evil @ {server.FileUrl("gb_evil-1.0.tar.gz")}");
        await using Session session = await Session.StartAsync(
            ExecutorKind.Bubblewrap, new() { Network = NetworkAccess.Full, Environment = server.Variables });
        CodeResult result = await session.BashAsync(
            "python3 -m pip download --quiet --only-binary :all: --dest /tmp/gb gb_tool && python3 -m pip install --quiet --target /tmp/gb gb_tool "
            + "&& PYTHONPATH=/tmp/gb python3 -c 'import gb_evil; print(gb_evil.FOUND)'")
            .WaitAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("['secret', 'loopback', 'abstract']\n", result.Output, StringComparison.Ordinal);
        Assert.True(_listeners.AreReached);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_archive_named_by_its_address_and_a_repository_are_refused()
    {
        _files.AddSource("gb_evil", "1.0", _listeners.Attack);
        await using PackageIndexServer server = new(_files);
        foreach (string package in new[] { $"gb_evil @ {server.FileUrl("gb_evil-1.0.tar.gz")}", "git+http://127.0.0.1:1/gb_evil" })
        {
            Assert.Contains("must be built", (await FailsAsync(server, package, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        }
    }

    private static async Task<string> OutputAsync(Session session, string code, CancellationToken cancellationToken) =>
        (await session.PythonAsync(code).WaitAsync(cancellationToken)).Output;

    private static ExecutorSetup From(PackageIndexServer server, params string[] packages) =>
        With(FunctionWithRequirements.FromSource("def f(): pass", packages)).And(options =>
        {
            foreach ((string name, string value) in server.Variables)
            {
                options.SetupEnvironment[name] = value;
            }
        });

    private async Task<FunctionSetupException> FailsAsync(PackageIndexServer server, string package, CancellationToken cancellationToken)
    {
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(From(server, package));
        FunctionSetupException e = await Assert.ThrowsAsync<FunctionSetupException>(() => executor.StartAsync(cancellationToken));
        Assert.DoesNotContain(server.Password, e.ToString(), StringComparison.Ordinal);
        Assert.False(_listeners.AreReached);
        return e;
    }
}
