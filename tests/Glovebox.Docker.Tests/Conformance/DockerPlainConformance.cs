using Glovebox.Docker.Tests.Support;
using Glovebox.Tests.Conformance;

namespace Glovebox.Docker.Tests.Conformance;

// One class for each topic, so that the topics run beside each other.
public sealed class DockerPlainLanguages() : LanguageConformance(DockerKind.Plain);

public sealed class DockerPlainFileNames() : FileNameConformance(DockerKind.Plain);

public sealed class DockerPlainOrder() : OrderConformance(DockerKind.Plain);

public sealed class DockerPlainTimeouts() : TimeoutConformance(DockerKind.Plain);

public sealed class DockerPlainLifeCycle() : LifeCycleConformance(DockerKind.Plain);

public sealed class DockerPlainOutput() : OutputConformance(DockerKind.Plain);

public sealed class DockerPlainFloods() : FloodConformance(DockerKind.Plain);

public sealed class DockerPlainWorkspace() : WorkspaceConformance(DockerKind.Plain);

public sealed class DockerPlainBackground() : BackgroundConformance(DockerKind.Plain);
