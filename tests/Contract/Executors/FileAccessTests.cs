using Glovebox.Sandboxes;

namespace Glovebox.Tests.Contract.Executors;

/// <summary>How the files of an executor's sandbox are reached, and when they are not.</summary>
public sealed class FileAccessTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_come_with_the_start_and_end_with_the_sandbox()
    {
        await using ICodeExecutor executor = ExecutorKind.Bubblewrap.Create(new()).AsBuilder().UseLogging(new CollectingLogger()).Build();
        Assert.Null(executor.GetService<ISandboxFiles>());
        await executor.StartAsync(Ct);
        ISandboxFiles files = executor.GetService<ISandboxFiles>()!;
        await files.WriteAllTextAsync("/tmp/file", "text", cancellationToken: Ct);
        Assert.Equal("text", await files.ReadAllTextAsync("/tmp/file", cancellationToken: Ct));
        Stream stream = await files.OpenReadAsync("/tmp/file", cancellationToken: Ct);
        await executor.RestartAsync(Ct);
        await Assert.ThrowsAsync<SandboxLostException>(() => files.GetAsync("/tmp/file", cancellationToken: Ct));
        await stream.DisposeAsync();
        Assert.Null(await executor.GetService<ISandboxFiles>()!.GetAsync("/tmp/file", cancellationToken: Ct));
        await executor.StopAsync(Ct);
        Assert.Null(executor.GetService<ISandboxFiles>());
    }

    [Fact]
    public async Task The_host_keeps_nothing_of_them_when_it_was_the_sandbox()
    {
        await using ICodeExecutor executor = ExecutorKind.Local.Create(new());
        await executor.StartAsync(Ct);
        ISandboxFiles files = executor.GetService<ISandboxFiles>()!;
        Assert.NotNull(await files.GetAsync(".", cancellationToken: Ct));
        await executor.StopAsync(Ct);
        await Assert.ThrowsAsync<SandboxLostException>(() => files.GetAsync(".", cancellationToken: Ct));
    }

    [Fact]
    public async Task Without_a_guest_agent_each_operation_says_so()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapPlain);
        ISandboxFiles files = session.Executor.GetService<ISandboxFiles>()!;
        SandboxUnavailableException error =
            await Assert.ThrowsAsync<SandboxUnavailableException>(() => files.GetAsync("x", cancellationToken: Ct));
        Assert.Equal("files-unavailable", error.Code);
        Assert.Contains("Python", error.Hint, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => files.WriteAsync("x", new MemoryStream(), cancellationToken: Ct));
        await Assert.ThrowsAsync<SandboxUnavailableException>(
            async () => await files.WatchAsync("/", cancellationToken: Ct).GetAsyncEnumerator(Ct).MoveNextAsync());
    }

    [Fact]
    public async Task Without_Python_the_error_says_what_is_missing()
    {
        using TestFolder empty = new();
        await using LocalCommandLineCodeExecutor executor = new(new() { Environment = { ["PATH"] = empty.Path } });
        await executor.StartAsync(Ct);
        SandboxUnavailableException error = await Assert.ThrowsAsync<SandboxUnavailableException>(
            () => executor.GetService<ISandboxFiles>()!.GetAsync("/", cancellationToken: Ct));
        Assert.Equal("files-need-python", error.Code);
    }

    [Fact]
    public async Task A_file_that_is_larger_than_allowed_is_not_read_into_memory()
    {
        await using ICodeExecutor executor = ExecutorKind.Local.Create(new());
        await executor.StartAsync(Ct);
        ISandboxFiles files = executor.GetService<ISandboxFiles>()!;
        await files.WriteAllBytesAsync("file", new byte[1000], cancellationToken: Ct);
        Assert.Equal(1000, (await files.ReadAllBytesAsync("file", maxBytes: 1000, cancellationToken: Ct)).Length);
        SandboxFileException error = await Assert.ThrowsAsync<SandboxFileException>(
            () => files.ReadAllBytesAsync("file", maxBytes: 999, cancellationToken: Ct));
        Assert.Equal("file-too-large", error.Code);
    }
}
