using Glovebox.Docker.Tests.Support;
using Glovebox.Tests.Conformance;

namespace Glovebox.Docker.Tests.Conformance;

// One class for each topic, so that the topics run beside each other.
public sealed class DockerLanguages() : LanguageConformance(DockerKind.Agent);

public sealed class DockerFileNames() : FileNameConformance(DockerKind.Agent);

public sealed class DockerOrder() : OrderConformance(DockerKind.Agent);

public sealed class DockerTimeouts() : TimeoutConformance(DockerKind.Agent);

public sealed class DockerLifeCycle() : LifeCycleConformance(DockerKind.Agent);

public sealed class DockerOutput() : OutputConformance(DockerKind.Agent);

public sealed class DockerFloods() : FloodConformance(DockerKind.Agent);

public sealed class DockerWorkspace() : WorkspaceConformance(DockerKind.Agent);

public sealed class DockerBackground() : BackgroundConformance(DockerKind.Agent);
