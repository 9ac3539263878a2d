namespace Glovebox.Tests.Common;

/// <summary>Set-ups of executors that offer functions.</summary>
public static class FunctionSetups
{
    /// <summary>A Python function <c>add</c> of two numbers.</summary>
    public static FunctionWithRequirements Adding { get; } = FunctionWithRequirements.FromSource(
        """
        def add(a: int, b: int) -> int:
            '''Adds two numbers.'''
            return a + b
        """);

    public static ExecutorSetup With(params AITool[] functions) => new ExecutorSetup().Add(functions);

    public static ExecutorSetup Add(this ExecutorSetup setup, params AITool[] functions) => setup.And(options =>
    {
        foreach (AITool function in functions)
        {
            options.Functions.Add(function);
        }
    });

    public static ExecutorSetup And(this ExecutorSetup setup, Action<CommandLineCodeExecutorOptions> configure) =>
        setup with { Configure = setup.Configure + configure };

    /// <summary>Has pip install from an index of the test's own.</summary>
    public static ExecutorSetup From(this ExecutorSetup setup, WheelIndex index) =>
        (setup with { VisibleFolders = [.. setup.VisibleFolders, index.Path] }).And(options =>
        {
            foreach ((string name, string value) in index.Variables)
            {
                options.SetupEnvironment[name] = value;
            }
        });

    /// <summary>Starts an executor that offers functions.</summary>
    public static Task<Session> StartAsync(this ExecutorKind kind, params AITool[] functions) => Session.StartAsync(kind, With(functions));

    /// <summary>Imports something and prints values in Python.</summary>
    public static async Task<string> PrintAsync(this Session session, string import, string values) =>
        (await session.PythonAsync($"{import}\nprint({values})")).Output;

    /// <summary>Starts an executor whose functions cannot be set up.</summary>
    public static async Task<FunctionSetupException> FailsToStartAsync(this ExecutorKind kind, ExecutorSetup setup)
    {
        await using ICodeExecutor executor = kind.Create(setup);
        FunctionSetupException e = await Assert.ThrowsAsync<FunctionSetupException>(() => executor.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal("function-setup-failed", e.Code);
        return e;
    }

    public static AIFunction Function(Delegate method, string name) => AIFunctionFactory.Create(method, name);
}
