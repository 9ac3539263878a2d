using Glovebox.Cli.Run;
using Glovebox.Docker;

namespace Glovebox.Cli.Executors;

/// <summary>A Jupyter kernel in a container: blocks share their state.</summary>
internal sealed class DockerJupyterKind : IExecutorKind
{
    public string Name => "docker-jupyter";

    /// <summary>Who did not ask for shared state gets a process for each block.</summary>
    public bool IsAutomatic => false;

    public ExecutorOptions Takes => ExecutorOptions.Image | ExecutorOptions.Network | ExecutorOptions.Memory | ExecutorOptions.Cpus;

    public ICodeExecutor Create(RunRequest request)
    {
        DockerJupyterCodeExecutorOptions options = new() { WorkDir = request.WorkDir, Policy = request.Policy, PullProgress = Output.PullProgress.OnStandardError() };
        options.Timeout = request.Timeout ?? options.Timeout;
        options.Image = request.Image ?? options.Image;
        return new DockerJupyterCodeExecutor(options);
    }

    public Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken) =>
        DockerJupyterCodeExecutor.DiagnoseAsync(cancellationToken: cancellationToken);
}
