using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// What is decided on the host, whatever the sandbox. Each of these topics runs under bubblewrap, too.
public sealed class FakeLanguages() : LanguageConformance(ExecutorKind.Fake);

public sealed class FakeFileNames() : FileNameConformance(ExecutorKind.Fake);

public sealed class FakeFileReports() : FileReportConformance(ExecutorKind.Fake);

public sealed class FakeOrder() : OrderConformance(ExecutorKind.Fake);

public sealed class FakeTimeouts() : TimeoutConformance(ExecutorKind.Fake);

public sealed class FakeLifeCycle() : LifeCycleConformance(ExecutorKind.Fake);

public sealed class FakeCalls() : CallConformance(ExecutorKind.Fake);

public sealed class FakeOutput() : OutputConformance(ExecutorKind.Fake);

public sealed class FakeStreams() : StreamConformance(ExecutorKind.Fake);
