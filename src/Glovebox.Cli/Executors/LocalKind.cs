using Glovebox.Cli.Run;

namespace Glovebox.Cli.Executors;

/// <summary>The host itself, which isolates nothing and so is never taken unless it is named.</summary>
internal sealed class LocalKind : IExecutorKind
{
    public string Name => "local";

    public bool IsAutomatic => false;

    public ExecutorOptions Takes => ExecutorOptions.None;

    public ICodeExecutor Create(RunRequest request)
    {
        LocalCommandLineCodeExecutorOptions options = new() { WorkDir = request.WorkDir };
        options.Timeout = request.Timeout ?? options.Timeout;
        return new LocalCommandLineCodeExecutor(options);
    }

    public Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken) =>
        LocalCommandLineCodeExecutor.DiagnoseAsync(cancellationToken);
}
