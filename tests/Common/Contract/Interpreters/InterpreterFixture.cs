using Glovebox.Interpreters;

namespace Glovebox.Tests.Common.Contract.Interpreters;

/// <summary>One executor with living interpreters for a class of tests; each test makes contexts of its own.</summary>
public abstract class InterpreterFixture : IAsyncLifetime
{
    public InterpreterCodeExecutor Executor { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Executor = Create();
        await Executor.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Executor.DisposeAsync();
    }

    /// <summary>Makes an executor of this kind without starting it.</summary>
    public abstract InterpreterCodeExecutor Create(Action<InterpreterOptions>? configure = null, ExecutionPolicy? policy = null);
}

/// <summary>On the host.</summary>
public sealed class LocalFixture : InterpreterFixture
{
    public override InterpreterCodeExecutor Create(Action<InterpreterOptions>? configure = null, ExecutionPolicy? policy = null)
    {
        LocalInterpreterCodeExecutorOptions options = new();
        configure?.Invoke(options.Interpreter);
        return new LocalInterpreterCodeExecutor(options);
    }
}

/// <summary>Under bubblewrap.</summary>
public sealed class BubblewrapFixture : InterpreterFixture
{
    public override InterpreterCodeExecutor Create(Action<InterpreterOptions>? configure = null, ExecutionPolicy? policy = null)
    {
        InterpreterCodeExecutorOptions options = new() { Policy = policy ?? new() };
        configure?.Invoke(options.Interpreter);
        return new InterpreterCodeExecutor(options);
    }
}

/// <summary>A context of a test's own, and what is asked of it.</summary>
public sealed class TestContextOfCode(InterpreterCodeExecutor executor, CodeContext context)
{
    public CodeContext Context => context;

    public static async Task<TestContextOfCode> MakeAsync(InterpreterCodeExecutor executor, string language = "python") =>
        new(executor, await executor.CreateContextAsync(new() { Language = language }, TestContext.Current.CancellationToken));

    public TestContextOfCode Of(CodeContext other) => new(executor, other);

    public async Task<BlockResult> RunAsync(string code, CodeExecutionOptions? options = null)
    {
        options ??= new();
        options.Context = context.Name;
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new CodeBlock(context.Language, code)], options, TestContext.Current.CancellationToken);
        return result.Blocks[0];
    }

    /// <summary>Runs a block that must succeed, and gives what it printed.</summary>
    public async Task<string> PrintsAsync(string code)
    {
        BlockResult result = await RunAsync(code);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    public Running Start(string code, CodeExecutionOptions? options = null)
    {
        options ??= new();
        options.Context = context.Name;
        return new(executor.ExecuteCodeBlocksStreamingAsync(
            [new CodeBlock(context.Language, code)], options, TestContext.Current.CancellationToken));
    }
}
