using Glovebox.Docker.Tests.Support;
using Glovebox.Tests.Conformance;

namespace Glovebox.Docker.Tests.Conformance;

// One class for each topic, so that the topics run beside each other.
public sealed class PodmanLanguages() : LanguageConformance(DockerKind.Podman);

public sealed class PodmanFileNames() : FileNameConformance(DockerKind.Podman);

public sealed class PodmanOrder() : OrderConformance(DockerKind.Podman);

public sealed class PodmanTimeouts() : TimeoutConformance(DockerKind.Podman);

public sealed class PodmanLifeCycle() : LifeCycleConformance(DockerKind.Podman);

public sealed class PodmanOutput() : OutputConformance(DockerKind.Podman);

public sealed class PodmanFloods() : FloodConformance(DockerKind.Podman);

public sealed class PodmanWorkspace() : WorkspaceConformance(DockerKind.Podman);

public sealed class PodmanBackground() : BackgroundConformance(DockerKind.Podman);
