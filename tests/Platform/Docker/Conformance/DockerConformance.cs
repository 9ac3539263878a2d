using Glovebox.Interpreters;
using Glovebox.Tests.Common.Contract;
using Glovebox.Tests.Common.Contract.Files;
using Glovebox.Tests.Common.Contract.Interpreters;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Conformance;

// What a container has a hand in: files by the agent, processes, lives. The rest is the same code as under bubblewrap.
public sealed class DockerFileLinks() : FileLinkConformance(DockerKind.Agent);

public sealed class DockerKills() : KillConformance(DockerKind.Agent);

public sealed class DockerLifeCycle() : LifeCycleConformance(DockerKind.Agent);

public sealed class DockerWorkDirectories() : WorkDirectoryConformance(DockerKind.Agent);

public sealed class DockerGuestInput() : GuestInputConformance(DockerKind.Agent);

public sealed class DockerFloods() : FloodConformance(DockerKind.Agent);

public sealed class DockerWorkspace() : WorkspaceConformance(DockerKind.Agent);

public sealed class DockerBackground() : BackgroundConformance(DockerKind.Agent);

public sealed class DockerStandardInput() : StandardInputConformance(DockerKind.Agent);

public sealed class DockerTalk() : TalkConformance(DockerKind.Agent);

/// <summary>Living interpreters in a container.</summary>
public sealed class DockerFixture : InterpreterFixture
{
    public override InterpreterCodeExecutor Create(Action<InterpreterOptions>? configure = null, ExecutionPolicy? policy = null)
    {
        DockerInterpreterCodeExecutorOptions options = new() { Image = TestImages.Python, PullPolicy = PullPolicy.Never, Policy = policy ?? new() };
        configure?.Invoke(options.Interpreter);
        return new DockerInterpreterCodeExecutor(options);
    }
}

public sealed class DockerPythonContexts(DockerFixture fixture) : PythonContextConformance(fixture), IClassFixture<DockerFixture>;

public sealed class DockerShellContexts(DockerFixture fixture) : ShellContextConformance(fixture), IClassFixture<DockerFixture>;

public sealed class DockerCheckpoints(DockerFixture fixture) : CheckpointConformance(fixture), IClassFixture<DockerFixture>;

public sealed class DockerContexts(DockerFixture fixture) : ContextConformance(fixture), IClassFixture<DockerFixture>;

/// <summary>All files of a container.</summary>
public sealed class DockerFiles() : FilesFixture(DockerKind.Agent);

public sealed class DockerFileOperations(DockerFiles fixture) : FileOperationConformance(fixture), IClassFixture<DockerFiles>;

public sealed class DockerFileContents(DockerFiles fixture) : FileContentConformance(fixture), IClassFixture<DockerFiles>;

public sealed class DockerFullDisk(DockerFiles fixture) : FullDiskConformance(fixture), IClassFixture<DockerFiles>;

public sealed class DockerFileTrees(DockerFiles fixture) : FileTreeConformance(fixture), IClassFixture<DockerFiles>;

public sealed class DockerFileWatches(DockerFiles fixture) : FileWatchConformance(fixture), IClassFixture<DockerFiles>;

public sealed class DockerFileServices(DockerFiles fixture) : FileServiceConformance(fixture), IClassFixture<DockerFiles>;

public sealed class DockerFileRights(DockerFiles fixture) : FileRightsConformance(fixture), IClassFixture<DockerFiles>;
