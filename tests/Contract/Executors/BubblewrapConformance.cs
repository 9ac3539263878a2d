using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// One class for each topic, so that the topics run beside each other.
public sealed class BubblewrapLanguages() : LanguageConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapInterpreters() : InterpreterConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapFileNames() : FileNameConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapFileLinks() : FileLinkConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapFileReports() : FileReportConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapProcesses() : ProcessConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapOrder() : OrderConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapTimeouts() : TimeoutConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapKills() : KillConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapLifeCycle() : LifeCycleConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapWorkDirectories() : WorkDirectoryConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapCalls() : CallConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapStreams() : StreamConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapOutput() : OutputConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapGuestInput() : GuestInputConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapFloods() : FloodConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapWorkspace() : WorkspaceConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapBackground() : BackgroundConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapExecutionOptions() : ExecutionOptionConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapStandardInput() : StandardInputConformance(ExecutorKind.Bubblewrap);

public sealed class BubblewrapTalk() : TalkConformance(ExecutorKind.Bubblewrap);
