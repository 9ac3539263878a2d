using Glovebox.Cli.Run;
using Glovebox.Jupyter;

namespace Glovebox.Cli.Executors;

/// <summary>A Jupyter kernel in a bubblewrap sandbox: blocks share their state.</summary>
internal sealed class JupyterKind : IExecutorKind
{
    public string Name => "jupyter";

    /// <summary>Who did not ask for shared state gets a process for each block.</summary>
    public bool IsAutomatic => false;

    public ExecutorOptions Takes => ExecutorOptions.Network | ExecutorOptions.Memory | ExecutorOptions.Cpus;

    public ICodeExecutor Create(RunRequest request)
    {
        JupyterCodeExecutorOptions options = new() { WorkDir = request.WorkDir, Policy = request.Policy };
        options.Timeout = request.Timeout ?? options.Timeout;
        return new JupyterCodeExecutor(options);
    }

    public Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken) =>
        JupyterCodeExecutor.DiagnoseAsync(cancellationToken);
}
