using Glovebox.Cli.Run;

namespace Glovebox.Cli.Executors;

/// <summary>A bubblewrap sandbox.</summary>
internal sealed class BubblewrapKind : IExecutorKind
{
    public string Name => "bubblewrap";

    public bool IsAutomatic => true;

    public ExecutorOptions Takes => ExecutorOptions.Network | ExecutorOptions.Memory | ExecutorOptions.Cpus;

    public ICodeExecutor Create(RunRequest request)
    {
        BubblewrapCommandLineCodeExecutorOptions options = new() { WorkDir = request.WorkDir, Policy = request.Policy };
        options.Timeout = request.Timeout ?? options.Timeout;
        return new BubblewrapCommandLineCodeExecutor(options);
    }

    public Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken) =>
        BubblewrapCommandLineCodeExecutor.DiagnoseAsync(cancellationToken);
}
