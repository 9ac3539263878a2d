using Glovebox.Tests.Common.Contract;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Conformance;

// What Podman's engine does otherwise: containers, their processes and their ends.
public sealed class PodmanKills() : KillConformance(DockerKind.Podman);

public sealed class PodmanWorkDirectories() : WorkDirectoryConformance(DockerKind.Podman);

public sealed class PodmanBackground() : BackgroundConformance(DockerKind.Podman);
