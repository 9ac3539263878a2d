using Glovebox.Docker.Tests.Support;
using Glovebox.Tests.Functions;

namespace Glovebox.Docker.Tests.Functions;

// One class for each topic, so that the topics run beside each other.
public sealed class DockerHostFunctions() : HostFunctionConformance(DockerKind.Agent);

public sealed class DockerHostFunctionCallers() : HostFunctionCallerConformance(DockerKind.Agent);

public sealed class DockerHostFunctionFailures() : HostFunctionFailureConformance(DockerKind.Agent);

public sealed class DockerHostileCallers() : HostileCallerConformance(DockerKind.Agent);

public sealed class DockerPythonFunctions() : PythonFunctionConformance(DockerKind.Agent);

/// <remarks>The loopback and the abstract sockets are the container's own.</remarks>
public sealed class DockerPackageSetup() : PackageSetupConformance(DockerKind.Agent, "['secret']");

public sealed class DockerFetchData() : FetchDataConformance(DockerKind.Agent);
