using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>The module of functions and the packages that they need, in a sandbox.</summary>
public abstract class FunctionModuleConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_function_is_imported_from_the_module()
    {
        await using Session session = await Session.StartAsync(kind, With(Adding));
        CodeResult result = await session.PythonAsync("from functions import add\nprint(add(1, 2), add.__doc__)");
        Assert.Equal((0, "3 Adds two numbers.\n"), (result.ExitCode, result.Output));
        Assert.Empty(result.OutputFiles);
    }

    [Fact]
    public async Task Child_processes_and_other_folders_import_it_too()
    {
        await using Session session = await Session.StartAsync(kind, With(Adding));
        CodeResult result = await session.BashAsync("mkdir -p sub && cd sub && python3 -c 'import functions; print(functions.add(1, 2))' && echo 'import functions; print(functions.add(3, 4))' >x.py && python3 x.py");
        Assert.Equal("3\n7\n", result.Output);
    }

    [Fact]
    public async Task It_survives_a_restart_and_the_work_directory_stays_clean()
    {
        await using Session session = await Session.StartAsync(kind, With(Adding));
        await session.Executor.RestartAsync(Ct);
        Assert.Equal("3\n", (await session.PythonAsync("import functions\nprint(functions.add(1, 2))")).Output);
        Assert.Empty(session.Folder.Entries());
        Assert.Empty((await session.Executor.Workspace.ListAsync(Ct)).Files);
    }

    [Fact]
    public async Task A_package_is_installed_and_imported()
    {
        using WheelIndex index = new WheelIndex().Add("gb_base", "1.0", "def base():\n    return 'base'").Add("gb_tool", "2.1", "import gb_base\nVERSION = '2.1 on ' + gb_base.base()", "gb_base");
        await using Session session = await Session.StartAsync(
            kind, With(FunctionWithRequirements.FromSource("def version():\n    import gb_tool\n    return gb_tool.VERSION", "gb_tool>=2")).From(index));
        const string Code = "import functions\nprint(functions.version())";
        CodeResult result = await session.PythonAsync(Code);
        Assert.Equal((0, "2.1 on base\n"), (result.ExitCode, result.Output));
        Assert.Empty(result.OutputFiles);
        Assert.Equal("2.1 on base\n", (await session.BashAsync("python3 -c 'import gb_tool; print(gb_tool.VERSION)'")).Output);

        // Installed once: the index is gone, and the package is not.
        foreach (string wheel in Directory.GetFiles(index.Path))
        {
            File.Delete(wheel);
        }

        await session.Executor.RestartAsync(Ct);
        Assert.Equal("2.1 on base\n", (await session.PythonAsync(Code)).Output);
        Assert.Empty(session.Folder.Entries());
    }

    [Fact]
    public async Task The_variables_of_the_set_up_do_not_reach_code()
    {
        using WheelIndex index = new WheelIndex().Add("gb_tool", "1.0", "");
        await using Session session = await Session.StartAsync(kind, With(FunctionWithRequirements.FromSource("def f(): import gb_tool", "gb_tool")).From(index));
        Assert.Equal("None\n", (await session.PythonAsync("import os\nprint(os.environ.get('PIP_FIND_LINKS'))")).Output);
    }

    [Fact]
    public async Task A_package_that_is_not_there_fails_the_start_in_the_words_of_pip()
    {
        using WheelIndex index = new();
        FunctionSetupException e = await kind.FailsToStartAsync(With(FunctionWithRequirements.FromSource("def f(): pass", "gb_missing")).From(index));
        Assert.StartsWith("Pip install failed. ", e.Message, StringComparison.Ordinal);
        Assert.Contains("No matching distribution found for gb_missing", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public async Task After_a_failed_installation_the_executor_can_be_started_again()
    {
        using WheelIndex index = new();
        using TestFolder folder = new();
        await using ICodeExecutor executor = kind.Create(With(FunctionWithRequirements.FromSource("def f():\n    import gb_tool\n    return 1", "gb_tool")).From(index));
        await Assert.ThrowsAsync<FunctionSetupException>(() => executor.StartAsync(Ct));
        index.Add("gb_tool", "1.0", "");
        await executor.StartAsync(Ct);
        Assert.Equal("1\n", (await executor.ExecuteCodeBlocksAsync([new("python", "import functions\nprint(functions.f())")], Ct)).Output);
    }

    [Fact]
    public async Task An_installation_that_takes_too_long_is_ended()
    {
        using WheelIndex index = new WheelIndex().Add("gb_tool", "1.0", "");
        FunctionSetupException e = await kind.FailsToStartAsync(
            With(FunctionWithRequirements.FromSource("def f(): pass", "gb_tool")).From(index).And(o => o.SetupTimeout = TimeSpan.FromMilliseconds(20)) with { TimeProvider = new RealClock() });
        Assert.StartsWith("Pip install timed out", e.Message, StringComparison.Ordinal);
    }
}
