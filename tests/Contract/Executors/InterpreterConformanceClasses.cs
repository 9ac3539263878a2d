using Glovebox.Tests.Common.Contract.Interpreters;

namespace Glovebox.Tests.Contract.Executors;

public sealed class BubblewrapPythonContexts(BubblewrapFixture fixture) : PythonContextConformance(fixture), IClassFixture<BubblewrapFixture>;

public sealed class LocalPythonContexts(LocalFixture fixture) : PythonContextConformance(fixture), IClassFixture<LocalFixture>;

public sealed class BubblewrapShellContexts(BubblewrapFixture fixture) : ShellContextConformance(fixture), IClassFixture<BubblewrapFixture>;

public sealed class LocalShellContexts(LocalFixture fixture) : ShellContextConformance(fixture), IClassFixture<LocalFixture>;

public sealed class BubblewrapCheckpoints(BubblewrapFixture fixture) : CheckpointConformance(fixture), IClassFixture<BubblewrapFixture>;

public sealed class LocalCheckpoints(LocalFixture fixture) : CheckpointConformance(fixture), IClassFixture<LocalFixture>;

public sealed class BubblewrapContexts(BubblewrapFixture fixture) : ContextConformance(fixture), IClassFixture<BubblewrapFixture>;

public sealed class LocalContexts(LocalFixture fixture) : ContextConformance(fixture), IClassFixture<LocalFixture>;
