using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// The topics that decorators have a hand in: the rest is the executor's within.
public sealed class DecoratedOrder() : OrderConformance(ExecutorKind.Decorated(ExecutorKind.Fake));

public sealed class DecoratedLifeCycle() : LifeCycleConformance(ExecutorKind.Decorated(ExecutorKind.Fake));

public sealed class DecoratedCalls() : CallConformance(ExecutorKind.Decorated(ExecutorKind.Fake));
