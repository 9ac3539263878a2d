using Glovebox.Tests.Platform.Docker.Support;
using Glovebox.Tests.Common.Contract.Functions;

namespace Glovebox.Tests.Platform.Docker.Functions;

// The call path through a container; what a call may do is the same code as under bubblewrap.
public sealed class DockerHostCalls() : HostCallConformance(DockerKind.Agent);

public sealed class DockerFunctionModules() : FunctionModuleConformance(DockerKind.Agent);

/// <remarks>The loopback and the abstract sockets are the container's own.</remarks>
public sealed class DockerPackageSetup() : PackageSetupConformance(DockerKind.Agent, "['secret']");

public sealed class DockerFetchData() : FetchDataConformance(DockerKind.Agent);
