using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// What starts, feeds, reads, times and ends a program without the agent; names and order of blocks are decided before.
public sealed class BubblewrapPlainInterpreters() : InterpreterConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainTimeouts() : TimeoutConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainKills() : KillConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainLifeCycle() : LifeCycleConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainWorkDirectories() : WorkDirectoryConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainStreams() : StreamConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainOutput() : OutputConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainGuestInput() : GuestInputConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainFloods() : FloodConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainWorkspace() : WorkspaceConformance(ExecutorKind.BubblewrapPlain);
