using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter.Docker;

/// <summary>A server that Glovebox starts in a container.</summary>
public sealed class DockerHost : JupyterHost
{
    /// <summary>The image that <c>eng/docker/images</c> makes ready.</summary>
    public const string Image = "glovebox-test-jupyter";

    private readonly TestFolder _folder = new();

    public DockerHost() => _folder.GiveAway();

    public override string SharedFolder => _folder.Path;

    public override ICodeExecutor Create(Action<JupyterCodeExecutorOptions>? configure = null)
    {
        // The suite speaks of what both kinds of options have.
        JupyterCodeExecutorOptions common = new();
        configure?.Invoke(common);
        return new DockerJupyterCodeExecutor(new()
        {
            Image = Image,
            PullPolicy = PullPolicy.Never,
            Timeout = common.Timeout,
            WorkDir = common.WorkDir,
            OutputDir = common.OutputDir,
            KernelName = common.KernelName,
            Functions = common.Functions,
            FunctionsModule = common.FunctionsModule,
            MaxDisplays = common.MaxDisplays,
            MaxDisplayBytes = common.MaxDisplayBytes,
            Policy = common.Policy with { Network = NetworkAccess.None },
        });
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override ICodeExecutor CreateShared() => Create(o => o.WorkDir = _folder.Path);
}

public sealed class DockerDisplayFiles(DockerHost host) : DisplayFileConformance(host), IClassFixture<DockerHost>;

public sealed class DockerFunctions(DockerHost host) : FunctionConformance(host), IClassFixture<DockerHost>;

public sealed class DockerKernelEnds(DockerHost host) : KernelEndConformance(host), IClassFixture<DockerHost>;
