using System.Collections.Concurrent;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>The command-line executor over <see cref="FakeSandboxProvider"/>.</summary>
internal sealed class FakeKind : ExecutorKind
{
    private static readonly ConcurrentDictionary<string, FakeFiles> _workDirectories = new();

    public override bool IsIsolated => false;

    public override bool IsInMemory => true;

    /// <summary>Makes files a work directory, and gives its path.</summary>
    public static string Keep(FakeFiles files)
    {
        string path = $"/fake/{Guid.NewGuid():n}";
        _workDirectories[path] = files;
        return path;
    }

    public override ICodeExecutor Create(ExecutorSetup setup)
    {
        FakeSandboxProvider provider = new() { WorkDirectories = _workDirectories };
        foreach (string name in provider.Programs.Keys.ToArray())
        {
            FakeProgram program = provider.Programs[name];
            provider.Programs[name] = p => setup.Meanings.GetValueOrDefault(p.Code, program)(p);
        }

        return new CommandLineCodeExecutor(
            provider,
            setup.Configured(new CommandLineCodeExecutorOptions()),
            setup.LoggerFactory,
            setup.TimeProvider);
    }
}
