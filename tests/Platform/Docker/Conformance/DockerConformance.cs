using Glovebox.Tests.Common.Contract;
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
