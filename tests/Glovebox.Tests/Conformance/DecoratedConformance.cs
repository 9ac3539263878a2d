using Glovebox.Tests.Support;

namespace Glovebox.Tests.Conformance;

// The topics that decorators have a hand in: the rest is the executor's within.
public sealed class DecoratedOrder() : OrderConformance(ExecutorKind.Decorated);

public sealed class DecoratedLifeCycle() : LifeCycleConformance(ExecutorKind.Decorated);
