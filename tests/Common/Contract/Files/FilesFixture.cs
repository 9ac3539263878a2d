using System.Text;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>One sandbox for a class of tests; each test has a folder of its own in it.</summary>
public abstract class FilesFixture(ExecutorKind kind) : IAsyncLifetime
{
    public Session Session { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Session = await Session.StartAsync(kind, new() { IsOwn = true });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Session.DisposeAsync();
    }
}

public sealed class BubblewrapFiles() : FilesFixture(ExecutorKind.Bubblewrap);

public sealed class LocalFiles() : FilesFixture(ExecutorKind.Local);

/// <summary>What tests of files have in common.</summary>
public abstract class FilesTest(FilesFixture fixture) : IAsyncLifetime
{
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected Session Session => fixture.Session;

    protected ISandbox Sandbox { get; } = fixture.Session.Executor.GetService<ISandbox>()!;

    protected ISandboxFiles Files { get; } = fixture.Session.Executor.GetService<ISandboxFiles>()!;

    /// <summary>A folder of the test's own, relative to the work directory.</summary>
    protected string Name { get; } = $"t{Guid.NewGuid():n}";

    protected string Folder => $"{Sandbox.WorkDirectory}/{Name}";

    public async ValueTask InitializeAsync() => Assert.True(await Files.CreateDirectoryAsync(Folder, Ct));

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Session.BashAsync($"cd .. ; chmod -R u+rwx {Name} 2> /dev/null; rm -rf {Name}");
    }

    /// <summary>A path in the test's folder.</summary>
    protected string In(string name) => $"{Folder}/{name}";

    /// <summary>Runs code of the guest's in the test's folder, which must succeed.</summary>
    protected async Task<string> BashAsync(string code)
    {
        CodeResult result = await Session.BashAsync($"set -e; cd {Name}\n{code}");
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    protected async Task<string> PythonAsync(string code)
    {
        CodeResult result = await Session.PythonAsync($"import os; os.chdir('{Name}')\n{code}");
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    protected async Task<string> ReadAsync(string name, long offset = 0, long? length = null)
    {
        await using Stream stream = await Files.OpenReadAsync(In(name), offset, length, Ct);
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(Ct);
    }

    protected Task WriteAsync(string name, string text, SandboxFileWriteOptions? options = null) =>
        Files.WriteAsync(In(name), new MemoryStream(Encoding.UTF8.GetBytes(text)), options, Ct);

    /// <summary>The names in the test's folder.</summary>
    protected async Task<IEnumerable<string>> NamesAsync() =>
        (await Files.ListAsync(Folder, SandboxFileListing.MaxDepth, Ct)).Files.Select(f => f.Path[(Folder.Length + 1)..]);

    protected static async Task FailsAsync(string code, Func<Task> action)
    {
        SandboxFileException error = await Assert.ThrowsAsync<SandboxFileException>(action);
        Assert.True(code == error.Code, error.ToString());
    }
}
