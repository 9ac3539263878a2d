using Glovebox.Tests.Common.Contract;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Conformance;

// What an engine's exec does in place of the agent.
public sealed class DockerPlainInterpreters() : InterpreterConformance(DockerKind.Plain);

public sealed class DockerPlainFileLinks() : FileLinkConformance(DockerKind.Plain);

public sealed class DockerPlainKills() : KillConformance(DockerKind.Plain);

public sealed class DockerPlainLifeCycle() : LifeCycleConformance(DockerKind.Plain);

public sealed class DockerPlainWorkDirectories() : WorkDirectoryConformance(DockerKind.Plain);

public sealed class DockerPlainStreams() : StreamConformance(DockerKind.Plain);

public sealed class DockerPlainGuestInput() : GuestInputConformance(DockerKind.Plain);

public sealed class DockerPlainFloods() : FloodConformance(DockerKind.Plain);

public sealed class DockerPlainWorkspace() : WorkspaceConformance(DockerKind.Plain);

public sealed class DockerPlainBackground() : BackgroundConformance(DockerKind.Plain);

public sealed class DockerPlainExecutionOptions() : ExecutionOptionConformance(DockerKind.Plain);
