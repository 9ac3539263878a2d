using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Glovebox.Tests.Common;

/// <summary>An executor that runs nothing: it does what a test says, and remembers what it was asked.</summary>
public sealed class ScriptedExecutor : ICodeExecutor, IWorkspace
{
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly ConcurrentQueue<CodeBlock> _received = new();

    /// <summary>What was called, in order; <c>run CODE</c> for a block that began to run.</summary>
    public IReadOnlyCollection<string> Calls => _calls;

    /// <summary>Every block that was handed in, whether it ran or not.</summary>
    public IReadOnlyCollection<CodeBlock> Received => _received;

    /// <summary>What a block prints and how it ends. Default: its code, exit code 0.</summary>
    public Func<CodeBlock, BlockResult> Run { get; init; } = block => Result(block, 0, block.Code);

    /// <summary>Updates of a block beside those of its result. Default: none.</summary>
    public Func<CodeBlock, IEnumerable<CodeExecutionUpdate>> Updates { get; init; } = _ => [];

    /// <summary>Awaited after a block has begun, before it prints. Default: nothing.</summary>
    public Func<CodeBlock, CancellationToken, Task> Running { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>Awaited by starting, stopping and restarting. Default: nothing.</summary>
    public Func<CancellationToken, Task> Lifecycle { get; init; } = _ => Task.CompletedTask;

    /// <summary>Thrown at the call of an execution.</summary>
    public Exception? Refusal { get; set; }

    public Dictionary<Type, object> Services { get; } = [];

    public IWorkspace Workspace => this;

    public static BlockResult Result(CodeBlock block, int exitCode, string output, TerminationReason termination = TerminationReason.Exited, params WorkspaceFile[] files) => new()
    {
        Block = block,
        Language = block.Language,
        ExitCode = exitCode,
        Output = output,
        StandardOutput = output,
        Termination = termination,
        Duration = TimeSpan.FromSeconds(2),
        OutputFiles = files,
    };

    public Task StartAsync(CancellationToken cancellationToken = default) => Call("start", cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken = default) => Call("stop", cancellationToken);

    public Task RestartAsync(CancellationToken cancellationToken = default) => Call("restart", cancellationToken);

    public IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (Refusal is not null)
        {
            throw Refusal;
        }

        foreach (CodeBlock block in codeBlocks)
        {
            _received.Enqueue(block);
        }

        return ExecuteAsync(codeBlocks, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null : serviceType.IsInstanceOfType(this) ? this : Services.GetValueOrDefault(serviceType);

    public ValueTask DisposeAsync()
    {
        _calls.Enqueue("dispose");
        return ValueTask.CompletedTask;
    }

    Task<WorkspaceListing> IWorkspace.ListAsync(CancellationToken cancellationToken) => Task.FromResult(new WorkspaceListing([], true));

    Task<Stream> IWorkspace.OpenReadAsync(string path, CancellationToken cancellationToken) => throw new WorkspaceException("None.");

    Task IWorkspace.WriteAsync(string path, Stream content, CancellationToken cancellationToken) => throw new WorkspaceException("None.");

    Task<bool> IWorkspace.DeleteAsync(string path, CancellationToken cancellationToken) => Task.FromResult(false);

    private async IAsyncEnumerable<CodeExecutionUpdate> ExecuteAsync(
        IReadOnlyList<CodeBlock> blocks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 0; i < blocks.Count; i++)
            {
                yield return new BlockStartedUpdate(i, blocks[i]);
                cancellationToken.ThrowIfCancellationRequested();
                _calls.Enqueue($"run {blocks[i].Code}");
                await Running(blocks[i], cancellationToken);
                foreach (CodeExecutionUpdate update in Updates(blocks[i]))
                {
                    yield return update;
                }

                BlockResult result = Run(blocks[i]);
                yield return new OutputReceivedUpdate(i, OutputStream.StandardOutput, result.Output);
                foreach (WorkspaceFile file in result.OutputFiles)
                {
                    yield return new FileProducedUpdate(i, file);
                }

                yield return new BlockCompletedUpdate(i, result);
                if (result.ExitCode != 0)
                {
                    yield break;
                }
            }
        }
        finally
        {
            _calls.Enqueue("end");
        }
    }

    private Task Call(string name, CancellationToken cancellationToken)
    {
        _calls.Enqueue(name);
        return Lifecycle(cancellationToken);
    }
}
