using Glovebox.Cli.Run;
using Glovebox.Docker;

namespace Glovebox.Cli.Executors;

/// <summary>A container of a Docker engine.</summary>
internal sealed class DockerKind : IExecutorKind
{
    public string Name => "docker";

    public bool IsAutomatic => true;

    public ExecutorOptions Takes => ExecutorOptions.Image | ExecutorOptions.Network | ExecutorOptions.Memory | ExecutorOptions.Cpus;

    public ICodeExecutor Create(RunRequest request)
    {
        DockerCommandLineCodeExecutorOptions options = new() { WorkDir = request.WorkDir, Policy = request.Policy, PullProgress = Output.PullProgress.OnStandardError() };
        options.Timeout = request.Timeout ?? options.Timeout;
        options.Image = request.Image ?? options.Image;
        return new DockerCommandLineCodeExecutor(options);
    }

    public Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken) =>
        DockerCommandLineCodeExecutor.DiagnoseAsync(cancellationToken: cancellationToken);
}
