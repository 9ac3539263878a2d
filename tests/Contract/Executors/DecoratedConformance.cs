using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// The topics that decorators have a hand in: the rest is the executor's within.
public sealed class DecoratedOrder() : OrderConformance(ExecutorKind.Decorated);

public sealed class DecoratedLifeCycle() : LifeCycleConformance(ExecutorKind.Decorated);

public sealed class DecoratedWorkDirectories() : WorkDirectoryConformance(ExecutorKind.Decorated);

public sealed class DecoratedCalls() : CallConformance(ExecutorKind.Decorated);
