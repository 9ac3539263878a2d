using System.Diagnostics;

namespace Glovebox.Tests.Platform.Jupyter.Support;

/// <summary>Where the kernels of a test are: one way to have a Jupyter server, shared by the tests of a class.</summary>
public abstract class JupyterHost : IAsyncLifetime
{
    /// <summary>What a cell may take on <see cref="BriefAsync"/>.</summary>
    public static readonly TimeSpan BriefTimeout = TimeSpan.FromSeconds(3);

    private ICodeExecutor? _shared;
    private ICodeExecutor? _brief;

    /// <summary>The work directory of the shared executor on this machine.</summary>
    public abstract string SharedFolder { get; }

    /// <summary>An executor for tests that leave its kernel as it was, but for names of their own.</summary>
    public async Task<ICodeExecutor> SharedAsync()
    {
        if (_shared is null)
        {
            _shared = CreateShared();
            await _shared.StartAsync(TestContext.Current.CancellationToken);
        }

        return _shared;
    }

    /// <summary>Makes an executor without starting it.</summary>
    public abstract ICodeExecutor Create(Action<JupyterCodeExecutorOptions>? configure = null);

    /// <summary>Makes an executor and starts it.</summary>
    public async Task<ICodeExecutor> StartAsync(Action<JupyterCodeExecutorOptions>? configure = null)
    {
        ICodeExecutor executor = Create(configure);
        await executor.StartAsync(TestContext.Current.CancellationToken);
        return executor;
    }

    /// <summary>An executor whose time runs out soon, for tests that leave it with a kernel that works.</summary>
    public async Task<ICodeExecutor> BriefAsync() => _brief ??= await StartAsync(o => o.Timeout = BriefTimeout);

    public virtual ValueTask InitializeAsync() => default;

    public virtual async ValueTask DisposeAsync()
    {
        if (_shared is not null)
        {
            await _shared.DisposeAsync();
        }

        if (_brief is not null)
        {
            await _brief.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected virtual ICodeExecutor CreateShared() => Create();
}

/// <summary>A server that Glovebox starts in a bubblewrap sandbox.</summary>
public sealed class SandboxHost : JupyterHost
{
    private readonly TestFolder _folder = new();

    public SandboxHost() => _folder.GiveAway();

    public override string SharedFolder => _folder.Path;

    public override ICodeExecutor Create(Action<JupyterCodeExecutorOptions>? configure = null)
    {
        JupyterCodeExecutorOptions options = new();
        configure?.Invoke(options);
        return new JupyterCodeExecutor(options);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override ICodeExecutor CreateShared() => Create(o => o.WorkDir = _folder.Path);
}

/// <summary>A server that someone else started, at a URL.</summary>
public sealed class UrlHost : JupyterHost
{
    private readonly TestFolder _displays = new();
    private JupyterServer? _server;

    public override string SharedFolder => _server!.Folder.Path;

    public override ICodeExecutor Create(Action<JupyterCodeExecutorOptions>? configure = null)
    {
        JupyterCodeExecutorOptions options = new() { Url = _server!.Url, Token = JupyterServer.Token, OutputDir = _displays.Path };
        configure?.Invoke(options);
        return new JupyterCodeExecutor(options);
    }

    public override async ValueTask InitializeAsync()
    {
        // Servers limit what their kernels print unless told otherwise; what we do about much output is to be seen here.
        _server = await JupyterServer.StartAsync("--ServerApp.iopub_data_rate_limit=0", "--ServerApp.iopub_msg_rate_limit=0");
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server!.DisposeAsync();
        _displays.Dispose();
    }
}

/// <summary>What tests do with executors.</summary>
public static class Executing
{
    /// <summary>Has a kernel show a traceback. It takes its time for the first one, and a cell that is interrupted has only so
    /// much.</summary>
    public static async Task WarmAsync(this ICodeExecutor executor) => Assert.Equal(1, (await executor.PythonAsync("1 / 0")).ExitCode);

    public static Task<CodeResult> PythonAsync(this ICodeExecutor executor, string code) =>
        executor.ExecuteCodeBlocksAsync([new CodeBlock("python", code)], TestContext.Current.CancellationToken);

    public static Task<CodeResult> RunAsync(this ICodeExecutor executor, params CodeBlock[] blocks) =>
        executor.ExecuteCodeBlocksAsync(blocks, TestContext.Current.CancellationToken);

    /// <summary>Begins an execution and reads its updates while the test goes on.</summary>
    public static Running Begin(this ICodeExecutor executor, string code) => executor.BeginCancellable(code, CancellationToken.None);

    /// <summary>Begins an execution that the test will cancel.</summary>
    public static Running BeginCancellable(this ICodeExecutor executor, string code, CancellationToken cancellation) =>
        new(executor.ExecuteCodeBlocksStreamingAsync([new CodeBlock("python", code)], cancellation));

    /// <summary>Reads the file of a display, on this machine or where the kernel is.</summary>
    public static Task<byte[]> ReadDisplayAsync(this ICodeExecutor executor, DisplayOutput display, string mimeType) =>
        Path.IsPathRooted(display.Files[mimeType])
            ? File.ReadAllBytesAsync(display.Files[mimeType], TestContext.Current.CancellationToken)
            : executor.Workspace.ReadAllBytesAsync(display.Files[mimeType], cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Runs code and tells how long it took.</summary>
    public static async Task<(CodeResult Result, TimeSpan Elapsed)> TimedAsync(this ICodeExecutor executor, string code)
    {
        long started = Stopwatch.GetTimestamp();
        CodeResult result = await executor.PythonAsync(code);
        return (result, Stopwatch.GetElapsedTime(started));
    }
}
