using Glovebox.Tests.Common.Contract.Functions;

namespace Glovebox.Tests.Contract.Functions;

// One class for each topic and kind, so that they run beside each other.
public sealed class LocalHostCalls() : HostCallConformance(ExecutorKind.Local);

public sealed class LocalHostFunctions() : HostFunctionConformance(ExecutorKind.Local);

public sealed class LocalHostFunctionCallers() : HostFunctionCallerConformance(ExecutorKind.Local);

public sealed class LocalHostFunctionFailures() : HostFunctionFailureConformance(ExecutorKind.Local);

public sealed class LocalHostileCallers() : HostileCallerConformance(ExecutorKind.Local);

public sealed class BubblewrapHostCalls() : HostCallConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapHostFunctions() : HostFunctionConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapHostFunctionCallers() : HostFunctionCallerConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapHostFunctionFailures() : HostFunctionFailureConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapHostileCallers() : HostileCallerConformance(ExecutorKind.Bubblewrap);

public sealed class LocalFunctionModules() : FunctionModuleConformance(ExecutorKind.Local);

public sealed class LocalFunctionSources() : FunctionSourceConformance(ExecutorKind.Local);

public sealed class BubblewrapFunctionModules() : FunctionModuleConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapFunctionSources() : FunctionSourceConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapPackageSetup() : PackageSetupConformance(ExecutorKind.Bubblewrap, "['secret', 'loopback', 'abstract']");

public sealed class BubblewrapFetchData() : FetchDataConformance(ExecutorKind.Bubblewrap);
