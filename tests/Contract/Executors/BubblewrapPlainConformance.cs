using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// What starts, feeds, reads and ends a program without the agent. The files are the same folder as with it.
public sealed class BubblewrapPlainInterpreters() : InterpreterConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainProcesses() : ProcessConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainKills() : KillConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainStreams() : StreamConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainGuestInput() : GuestInputConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainFloods() : FloodConformance(ExecutorKind.BubblewrapPlain);
