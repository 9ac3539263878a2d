using System.Runtime.CompilerServices;

namespace Glovebox.Tests.Common.Agents;

/// <summary>An executor that does what the test says, without any process.</summary>
public sealed class FakeExecutor(Func<CodeBlock, BlockResult>? run = null) : ICodeExecutor, IWorkspace
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    public int Starts { get; private set; }

    public bool IsDisposed { get; private set; }

    public List<CodeBlock> Blocks { get; } = [];

    /// <summary>What the next start does.</summary>
    public Func<CancellationToken, Task> OnStart { get; set; } = _ => Task.CompletedTask;

    public IWorkspace Workspace => this;

    public static BlockResult Printed(CodeBlock block, string output, int exitCode = 0) =>
        new() { Block = block, Language = block.Language, ExitCode = exitCode, Output = output, StandardOutput = output };

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        Starts++;
        await OnStart(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task RestartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public async IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks,
        CodeExecutionOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        for (int i = 0; i < codeBlocks.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Blocks.Add(codeBlocks[i]);
            yield return new BlockStartedUpdate(i, codeBlocks[i]);
            BlockResult result = run?.Invoke(codeBlocks[i]) ?? Printed(codeBlocks[i], "ran\n");
            if (result.Output.Length > 0)
            {
                yield return new OutputReceivedUpdate(i, OutputStream.StandardOutput, result.Output);
            }

            yield return new BlockCompletedUpdate(i, result);
            if (result.ExitCode != 0)
            {
                yield break;
            }
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    public Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(new WorkspaceListing([.. _files.Select(f => new WorkspaceFile(f.Key, f.Value.Length, default))], true));

    public Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default) =>
        Task.FromResult<Stream>(new MemoryStream(_files.TryGetValue(path, out byte[]? file) ? file : throw WorkspacePath.NotFound(path)));

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default)
    {
        using MemoryStream copy = new();
        await content.CopyToAsync(copy, cancellationToken);
        _files[WorkspacePath.Normalize(path)] = copy.ToArray();
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default) => Task.FromResult(_files.Remove(path));
}
