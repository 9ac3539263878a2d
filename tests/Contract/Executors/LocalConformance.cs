using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// One class for each topic, so that the topics run beside each other.
public sealed class LocalLanguages() : LanguageConformance(ExecutorKind.Local);

public sealed class LocalInterpreters() : InterpreterConformance(ExecutorKind.Local);

public sealed class LocalFileNames() : FileNameConformance(ExecutorKind.Local);

public sealed class LocalFileLinks() : FileLinkConformance(ExecutorKind.Local);

public sealed class LocalOrder() : OrderConformance(ExecutorKind.Local);

public sealed class LocalTimeouts() : TimeoutConformance(ExecutorKind.Local);

public sealed class LocalKills() : KillConformance(ExecutorKind.Local);

public sealed class LocalLifeCycle() : LifeCycleConformance(ExecutorKind.Local);

public sealed class LocalWorkDirectories() : WorkDirectoryConformance(ExecutorKind.Local);

public sealed class LocalCalls() : CallConformance(ExecutorKind.Local);

public sealed class LocalStreams() : StreamConformance(ExecutorKind.Local);

public sealed class LocalOutput() : OutputConformance(ExecutorKind.Local);

public sealed class LocalGuestInput() : GuestInputConformance(ExecutorKind.Local);

public sealed class LocalFloods() : FloodConformance(ExecutorKind.Local);

public sealed class LocalWorkspace() : WorkspaceConformance(ExecutorKind.Local);

public sealed class LocalBackground() : BackgroundConformance(ExecutorKind.Local);
