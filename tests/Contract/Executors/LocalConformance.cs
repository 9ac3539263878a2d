using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// What the host's processes and files have a hand in; the rest is shown by the fake.
public sealed class LocalInterpreters() : InterpreterConformance(ExecutorKind.Local);

public sealed class LocalFileLinks() : FileLinkConformance(ExecutorKind.Local);

public sealed class LocalProcesses() : ProcessConformance(ExecutorKind.Local);

public sealed class LocalKills() : KillConformance(ExecutorKind.Local);

public sealed class LocalWorkDirectories() : WorkDirectoryConformance(ExecutorKind.Local);

public sealed class LocalStreams() : StreamConformance(ExecutorKind.Local);

public sealed class LocalGuestInput() : GuestInputConformance(ExecutorKind.Local);

public sealed class LocalFloods() : FloodConformance(ExecutorKind.Local);

public sealed class LocalWorkspace() : WorkspaceConformance(ExecutorKind.Local);

public sealed class LocalBackground() : BackgroundConformance(ExecutorKind.Local);

public sealed class LocalExecutionOptions() : ExecutionOptionConformance(ExecutorKind.Local);

public sealed class LocalStandardInput() : StandardInputConformance(ExecutorKind.Local);

public sealed class LocalTalk() : TalkConformance(ExecutorKind.Local);
