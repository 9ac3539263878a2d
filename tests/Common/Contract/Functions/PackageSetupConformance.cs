using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>Code that builds a package sees nothing of the set-up, nor reaches the host.</summary>
/// <param name="isolated">The environment.</param>
/// <param name="reached">What such code reaches where it runs as pip itself does.</param>
public abstract class PackageSetupConformance(ExecutorKind isolated, string reached)
{
    private const string Show = "import functions\nprint(functions.found())";

    [Fact(Timeout = 120_000)]
    public async Task Code_that_builds_a_package_from_a_folder_reaches_nothing()
    {
        using HostListeners listeners = new();
        using WheelIndex index = new();
        index.AddSource("gb_evil", "1.0", listeners.Attack);
        await using Session session = await Session.StartAsync(isolated, With(Found("gb_evil")).From(index).And(AddSecret));
        Assert.Equal("[]\n", (await session.PythonAsync(Show).WaitAsync(TestContext.Current.CancellationToken)).Output);
        Assert.False(listeners.AreReached);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("gb_tool")]
    [InlineData]
    public async Task Code_that_builds_a_package_named_by_its_path_reaches_nothing(params string[] others)
    {
        using HostListeners listeners = new();
        using WheelIndex index = new WheelIndex().Add("gb_tool", "1.0", "");
        string archive = index.AddSource("gb_evil", "1.0", listeners.Attack);
        await using Session session = await Session.StartAsync(
            isolated, With(Found([archive, .. others])).From(index).And(AddSecret));
        Assert.Equal("[]\n", (await session.PythonAsync(Show).WaitAsync(TestContext.Current.CancellationToken)).Output);
        Assert.False(listeners.AreReached);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_canary_is_built_by_pip_alone_and_reaches_what_pip_does()
    {
        using HostListeners listeners = new();
        using WheelIndex index = new();
        string archive = index.AddSource("gb_evil", "1.0", listeners.Attack);
        await using Session session = await Session.StartAsync(isolated, new()
        {
            Network = NetworkAccess.Full,
            VisibleFolders = [index.Path],
            Environment = new Dictionary<string, string> { ["GB_SECRET"] = HostListeners.Secret },
        });
        CodeResult result = await session.BashAsync(
            $"python3 -m pip install --quiet --no-index --target /tmp/gb {archive} && PYTHONPATH=/tmp/gb python3 -c 'import gb_evil; print(gb_evil.FOUND)'")
            .WaitAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith(reached + "\n", result.Output, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_secrets_of_the_set_up_do_not_outlive_it()
    {
        using HostListeners listeners = new();
        using WheelIndex index = new WheelIndex().Add("gb_tool", "1.0", "");
        string look = $"FOUND = []\n{listeners.Attack}\n";
        FunctionWithRequirements function = FunctionWithRequirements.FromSource($"{look}def found():\n    return FOUND", "gb_tool");
        await using Session session = await Session.StartAsync(isolated, With(function).From(index).And(AddSecret));
        Assert.Equal("[]\n", (await session.PythonAsync(Show).WaitAsync(TestContext.Current.CancellationToken)).Output);
        Assert.Equal("[]\n", (await session.PythonAsync($"{look}print(FOUND)")).Output);
        const string Packages = "$(python3 -c 'import gb_tool, os; print(os.path.dirname(gb_tool.__file__))')";
        Assert.Equal("", (await session.BashAsync($"grep -rl {HostListeners.Secret} {Packages} || true")).Output);
    }

    [Fact(Timeout = 120_000)]
    public async Task Packages_without_functions_are_installed_and_there_is_no_module_of_functions()
    {
        using WheelIndex index = new WheelIndex().Add("gb_tool", "1.5", "NAME = 'tool'");
        await using Session session = await Session.StartAsync(
            isolated, new ExecutorSetup { Configure = o => o.Packages = ["gb_tool>=1.2", "pip"] }.From(index));
        Assert.Equal("tool\nFalse\n", (await session.PythonAsync(
            "import gb_tool, importlib.util\nprint(gb_tool.NAME)\nprint(importlib.util.find_spec('functions') is not None)")).Output);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_package_that_the_sandbox_has_is_not_installed_again()
    {
        // The index is empty, so pip would fail, as it does for a version that is not there.
        using WheelIndex index = new();
        await using (await Session.StartAsync(isolated, new ExecutorSetup { Configure = o => o.Packages = ["pip", "Pip>=1; python_version>'3'"] }.From(index)))
        {
        }

        await using ICodeExecutor executor = isolated.Create(new ExecutorSetup { Configure = o => o.Packages = ["pip>=1000"] }.From(index));
        FunctionSetupException e = await Assert.ThrowsAsync<FunctionSetupException>(() => executor.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("pip>=1000", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_package_that_cannot_be_built_fails_the_start_in_the_words_of_pip()
    {
        using WheelIndex index = new();
        index.AddSource("gb_evil", "1.0", "raise SystemExit('no such compiler')");
        await using ICodeExecutor executor = isolated.Create(With(Found("gb_evil")).From(index));
        FunctionSetupException e = await Assert.ThrowsAsync<FunctionSetupException>(() => executor.StartAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("Pip install failed. ", e.Message, StringComparison.Ordinal);
        Assert.Contains("no such compiler", e.Message, StringComparison.Ordinal);
        Assert.Contains("PIP_FIND_LINKS", e.Hint, StringComparison.Ordinal);
    }

    protected static FunctionWithRequirements Found(params string[] packages) =>
        FunctionWithRequirements.FromSource("def found():\n    import gb_evil\n    return gb_evil.FOUND", packages);

    private static void AddSecret(CommandLineCodeExecutorOptions options) => options.SetupEnvironment["GB_SECRET"] = HostListeners.Secret;
}
