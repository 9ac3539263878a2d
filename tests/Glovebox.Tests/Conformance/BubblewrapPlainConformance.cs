using Glovebox.Tests.Support;

namespace Glovebox.Tests.Conformance;

// One class for each topic, so that the topics run beside each other.
public sealed class BubblewrapPlainLanguages() : LanguageConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainFileNames() : FileNameConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainOrder() : OrderConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainTimeouts() : TimeoutConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainLifeCycle() : LifeCycleConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainOutput() : OutputConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainFloods() : FloodConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainWorkspace() : WorkspaceConformance(ExecutorKind.BubblewrapPlain);
