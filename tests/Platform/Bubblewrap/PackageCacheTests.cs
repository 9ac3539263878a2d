using Glovebox.Sandboxes.Bubblewrap;
using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Sessions of one process share what pip has installed from wheels, and no guest can put anything into it.</summary>
public sealed class PackageCacheTests : IDisposable
{
    /// <summary>What the package says, and which file it is of.</summary>
    private const string Look = "import gb_tool, os\nprint(gb_tool.NAME, os.stat(gb_tool.__file__).st_ino)";

    private readonly WheelIndex _index = new WheelIndex().Add("gb_tool", "1.0", "NAME = 'one'");

    private string Wheel => Path.Combine(_index.Path, "gb_tool-1.0-py3-none-any.whl");

    public void Dispose() => _index.Dispose();

    [Fact]
    public async Task A_second_session_has_the_packages_of_the_first_and_reaches_no_index()
    {
        _index.Add("gb_base", "1.0", "");
        PackageIndexServer server = new(_index);
        Dictionary<string, string> variables = new(server.Variables) { ["PIP_RETRIES"] = "0" };
        ExecutorSetup setup = Setup("gb_tool").And(o => AddAll(o, variables));
        await using (server)
        {
            await using Session first = await StartAsync(setup);
            await using Session second = await StartAsync(setup);
            string seen = await SeenAsync(first);
            Assert.StartsWith("one ", seen, StringComparison.Ordinal);
            Assert.Equal(seen, await SeenAsync(second));
        }

        await using Session third = await StartAsync(setup);
        Assert.StartsWith("one ", await SeenAsync(third), StringComparison.Ordinal);

        // The canary: with other variables, such as another password, pip asks the index, which is gone.
        FunctionSetupException e = await ExecutorKind.Bubblewrap.FailsToStartAsync(setup.And(o => o.SetupEnvironment["GB_SECRET"] = "other"));
        Assert.StartsWith("Pip install failed.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_that_start_at_once_install_once()
    {
        Session[] sessions = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync(Setup("gb_tool").From(_index))));
        HashSet<string> seen = [];
        foreach (Session session in sessions)
        {
            await using (session)
            {
                seen.Add(await SeenAsync(session));
            }
        }

        Assert.Single(seen);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wheel_that_was_changed_is_installed_again(bool byPath)
    {
        ExecutorSetup setup = byPath ? Setup(Wheel) : Setup("gb_tool").From(_index);
        await using Session first = await StartAsync(setup);
        File.Delete(Wheel);
        _index.Add("gb_tool", "1.0", "NAME = 'two'");
        await using Session second = await StartAsync(setup);
        Assert.StartsWith("one ", await SeenAsync(first), StringComparison.Ordinal);
        Assert.StartsWith("two ", await SeenAsync(second), StringComparison.Ordinal);
        await first.Executor.RestartAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("one ", await SeenAsync(first), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wheel_is_named_by_its_path_absolute_or_relative_and_the_sandbox_need_not_see_it()
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, Wheel);
        await using Session first = await StartAsync(Setup(Wheel));
        await using Session second = await StartAsync(Setup(relative));
        Assert.StartsWith("one ", await SeenAsync(first), StringComparison.Ordinal);
        Assert.StartsWith("one ", await SeenAsync(second), StringComparison.Ordinal);
        Assert.Equal("False\n", (await second.PythonAsync($"import os\nprint(os.path.exists('{_index.Path}'))")).Output);
    }

    [Fact]
    public async Task A_missing_wheel_and_a_folder_that_the_sandbox_does_not_see_are_explained()
    {
        FunctionSetupException missing = await ExecutorKind.Bubblewrap.FailsToStartAsync(Setup("./wheels/missing.whl"));
        Assert.Contains($"{Environment.CurrentDirectory}/wheels/missing.whl", missing.Message, StringComparison.Ordinal);
        Assert.Contains("current directory", missing.Hint, StringComparison.Ordinal);
        foreach (ExecutorSetup setup in new[] { Setup("gb_tool").And(o => AddAll(o, _index.Variables)), Setup("/opt/gb_missing/") })
        {
            Assert.Contains("ReadOnlyPaths", (await ExecutorKind.Bubblewrap.FailsToStartAsync(setup)).Hint, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Guest_code_cannot_change_what_other_sessions_have()
    {
        (string refusals, string seen) = await PoisonAsync(new BubblewrapInternals());
        Assert.All(refusals.Split(' '), refusal => Assert.Equal("EROFS", refusal));
        Assert.StartsWith("one ", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_canary_is_poisoned_where_guest_code_may_write_the_packages()
    {
        (string refusals, string seen) = await PoisonAsync(new BubblewrapInternals { SealsPackages = false });
        Assert.All(refusals.Split(' '), refusal => Assert.Equal("OK", refusal));
        Assert.StartsWith("poisoned ", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_code_of_a_package_has_built_is_not_shared()
    {
        // The code that builds it can write all that is installed beside it, in its own installation alone.
        _index.AddSource("gb_evil", "1.0", "import uuid; FOUND.append(uuid.uuid4().hex)");
        ExecutorSetup setup = Setup("gb_evil", "gb_tool").From(_index);
        await using Session first = await StartAsync(setup);
        await using Session second = await StartAsync(setup);
        Assert.NotEqual(await BuiltAsync(first), await BuiltAsync(second));

        static async Task<string> BuiltAsync(Session session) =>
            (await session.PythonAsync("import gb_evil, gb_tool\nprint(len(gb_evil.FOUND), gb_evil.FOUND)")).Output;
    }

    private static ExecutorSetup Setup(params string[] packages) => new() { Configure = o => o.Packages = [.. packages] };

    private static void AddAll(CommandLineCodeExecutorOptions options, IReadOnlyDictionary<string, string> variables)
    {
        foreach ((string name, string value) in variables)
        {
            options.SetupEnvironment[name] = value;
        }
    }

    private static Task<Session> StartAsync(ExecutorSetup setup) => Session.StartAsync(ExecutorKind.Bubblewrap, setup);

    private static async Task<string> SeenAsync(Session session) => (await session.PythonAsync(Look)).Output;

    /// <summary>Has one session change a package, and then another one look at it.</summary>
    private async Task<(string Refusals, string Seen)> PoisonAsync(BubblewrapInternals internals)
    {
        ExecutorKind kind = ExecutorKind.BubblewrapWith(internals);
        ExecutorSetup setup = Setup("gb_tool").From(_index);
        await using Session first = await Session.StartAsync(kind, setup);
        CodeResult attack = await first.PythonAsync(GuestAttacks.Prelude + """
            import importlib.util
            file = importlib.util.find_spec('gb_tool').origin
            folder = os.path.dirname(file)
            def poison(path):
                with open(path, 'w') as code:
                    code.write("NAME = 'poisoned'")
            print(*[tried(action) for action in (
                lambda: open(folder + '/new.py', 'w').close(), lambda: os.remove(file), lambda: poison(file))])
            """);
        await using Session second = await Session.StartAsync(kind, setup);
        return (attack.Output.TrimEnd(), await SeenAsync(second));
    }
}
