using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>Functions of Python source: what the module may hold, and what fails the start in whose words.</summary>
public abstract class FunctionSourceConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_functions_are_in_one_module_and_know_each_other()
    {
        await using Session session = await Session.StartAsync(
            kind,
            With(
                Adding,
                FunctionWithRequirements.FromSource("LIMIT = 3\n@counted\ndef thrice(n):\n    return sum(add(n, 0) for _ in range(LIMIT))").WithGlobalImports(new ImportFromModule("functools", new Alias("cache", "counted"))),
                FunctionWithRequirements.FromSource("async def later():\n    await aio.sleep(0)\n    return path.basename(os.sep + 'x')")
                    .WithGlobalImports("os", new Alias("asyncio", "aio"), new ImportFromModule("os", "path")))
            .And(o => o.FunctionsModule = "custom_tools"));
        CodeResult result = await session.PythonAsync("import asyncio, custom_tools\nprint(custom_tools.thrice(5), asyncio.run(custom_tools.later()))");
        Assert.Equal("15 x\n", result.Output);
    }

    [Theory]
    [InlineData("def f():\n    return (1", "SyntaxError")]
    [InlineData("def f():\nreturn 1", "IndentationError")]
    [InlineData("def f(a, a): pass", "duplicate argument")]
    public async Task Source_that_is_not_Python_fails_the_start_in_the_words_of_Python(string source, string words)
    {
        FunctionSetupException e = await kind.FailsToStartAsync(With(FunctionWithRequirements.FromSource(source)));
        Assert.StartsWith("Could not compile function: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_function_that_only_Python_sees_fails_the_start()
    {
        // A form feed is white space to Python; the line begins with a function.
        FunctionSetupException e = await kind.FailsToStartAsync(With(FunctionWithRequirements.FromSource("def f(): pass\n\fdef g(): pass")));
        Assert.StartsWith("Could not compile function: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("f, g", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("import gb_nowhere\ndef f(): pass", "ModuleNotFoundError: No module named 'gb_nowhere'")]
    [InlineData("def f(): pass\nprint('noise')\nraise ValueError('broken')", "ValueError: broken")]
    [InlineData("import sys\ndef f(): pass\nsys.exit(5)", "SystemExit: 5")]
    public async Task A_module_that_does_not_load_fails_the_start_in_the_words_of_Python(string source, string words)
    {
        FunctionSetupException e = await kind.FailsToStartAsync(With(FunctionWithRequirements.FromSource(source)));
        Assert.StartsWith("Functions failed to load: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_that_never_ends_to_load_fails_the_start()
    {
        FunctionSetupException e = await kind.FailsToStartAsync(
            With(FunctionWithRequirements.FromSource("def f(): pass\nwhile True: pass")).And(o => o.SetupTimeout = TimeSpan.FromSeconds(2)) with { TimeProvider = new RealClock() });
        Assert.StartsWith("Functions failed to load: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_the_user_that_has_the_modules_name_is_found_out()
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["functions.py"], "x = 1", Ct);
        folder.GiveAway();
        FunctionSetupException e = await kind.FailsToStartAsync(With(Adding) with { WorkDir = folder.Path });
        Assert.Contains("there is another module 'functions'", e.Message, StringComparison.Ordinal);
        Assert.Contains("FunctionsModule", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("sys")]
    [InlineData("traceback")]
    public async Task A_module_of_Python_itself_is_not_hidden(string name)
    {
        FunctionSetupException e = await kind.FailsToStartAsync(With(Adding).And(o => o.FunctionsModule = name));
        Assert.StartsWith("Functions failed to load: Python has a module", e.Message, StringComparison.Ordinal);
    }
}
