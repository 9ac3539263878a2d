using System.Diagnostics;
using Glovebox.Samples;
using Glovebox.Tests.Common.Contract;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Conformance;

// A provider as anyone can write one, in less than a hundred lines, is held to the contract of executors.
public sealed class SampleProviderFileNames() : FileNameConformance(SampleProviderKind.Instance);

public sealed class SampleProviderInput() : GuestInputConformance(SampleProviderKind.Instance);

public sealed class SampleProviderKills() : KillConformance(SampleProviderKind.Instance);

public sealed class SampleProviderLanguages() : LanguageConformance(SampleProviderKind.Instance);

public sealed class SampleProviderLifeCycle() : LifeCycleConformance(SampleProviderKind.Instance);

public sealed class SampleProviderProcesses() : ProcessConformance(SampleProviderKind.Instance);

public sealed class SampleProviderOrder() : OrderConformance(SampleProviderKind.Instance);

public sealed class SampleProviderOutput() : OutputConformance(SampleProviderKind.Instance);

public sealed class SampleProviderStreams() : StreamConformance(SampleProviderKind.Instance);

public sealed class SampleProviderTimeouts() : TimeoutConformance(SampleProviderKind.Instance);

public sealed class SampleProviderFileReports() : FileReportConformance(SampleProviderKind.Instance);

public sealed class SampleProviderWorkspace() : WorkspaceConformance(SampleProviderKind.Instance);

/// <summary>Executors over the sample's provider.</summary>
public sealed class SampleProviderKind : ExecutorKind
{
    private SampleProviderKind() => StartsSlowly = true;

    public static SampleProviderKind Instance { get; } = new();

    public override bool IsIsolated => true;

    /// <summary>Guest code is the owner of the work directory, and never root.</summary>
    public override ICodeExecutor Create(ExecutorSetup setup)
    {
        if (setup.WorkDir is { } folder && Directory.Exists(folder) && Environment.IsPrivilegedProcess)
        {
            using Process chown = Process.Start("chown", ["--from=0:0", "4242:4242", folder]);
            chown.WaitForExit();
        }

        return Executor(setup);
    }

    private static CommandLineCodeExecutor Executor(ExecutorSetup setup) => new(
        new DockerCommandProvider(TestImages.Python),
        setup.Configured(new CommandLineCodeExecutorOptions { Policy = new() { Network = NetworkAccess.None } }),
        setup.LoggerFactory,
        setup.TimeProvider);
}
