using System.Collections.ObjectModel;
using System.Diagnostics;
using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Tests.Common.Fakes;
using Microsoft.Extensions.Logging;

namespace Glovebox.Tests.Common;

/// <summary>What a test asks of an executor, whatever its kind.</summary>
public sealed record ExecutorSetup
{
    private static readonly ExecutorSetup _shareable = new() { Timeout = default, MaxOutput = default };

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Null: the executor makes one of its own.</summary>
    public string? WorkDir { get; init; }

    public long MaxOutput { get; init; } = ExecutionPolicy.DefaultMaxOutput;

    public bool DeleteTempFiles { get; init; } = true;

    public IReadOnlyDictionary<string, string> Environment { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    public IReadOnlyList<CodeLanguage> Languages { get; init; } = [];

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Null: the kind's own.</summary>
    public NetworkAccess? Network { get; init; }

    /// <summary>Folders of the host that the guest is to read under the same path. Not below <c>/tmp</c>.</summary>
    public IReadOnlyList<string> VisibleFolders { get; init; } = [];

    /// <summary>Sets what all command-line executors have.</summary>
    public Action<CommandLineCodeExecutorOptions>? Configure { get; init; }

    /// <summary>What code means to the fake, where it is more than its shell knows.</summary>
    public IReadOnlyDictionary<string, FakeProgram> Meanings { get; init; } = ReadOnlyDictionary<string, FakeProgram>.Empty;

    /// <summary>Whether the test wants a sandbox that no other had: it looks at the processes in it, say.</summary>
    public bool IsOwn { get; init; }

    /// <summary>Whether another test may have the same sandbox afterwards: nothing in it is the test's own.</summary>
    internal bool IsShareable => this with { Timeout = default, MaxOutput = default, Meanings = _shareable.Meanings } == _shareable;

    /// <summary>Sets what options of every kind have; the rest is the kind's.</summary>
    internal T Configured<T>(T options)
        where T : CommandLineCodeExecutorOptions
    {
        options.Timeout = Timeout;
        options.WorkDir = WorkDir;
        options.Policy = options.Policy with { MaxOutput = MaxOutput };
        options.DeleteTempFiles = DeleteTempFiles;
        options.Environment = new Dictionary<string, string>(Environment);
        options.Languages = [.. Languages];
        Configure?.Invoke(options);
        return options;
    }
}

/// <summary>A kind of command-line executor to which the conformance suite is put.</summary>
public abstract class ExecutorKind
{
    public static ExecutorKind Local { get; } = new LocalKind();

    public static ExecutorKind Bubblewrap { get; } = new BubblewrapKind(new()) { StartsSlowly = true };

    /// <summary>Without a guest agent, as where there is no Python: each program has a sandbox of its own, and what it leaves in the
    /// background ends with it.</summary>
    public static ExecutorKind BubblewrapPlain { get; } = new BubblewrapKind(new() { UsesAgent = false });

    /// <summary>Without any process: what the contract says of the host's part.</summary>
    public static ExecutorKind Fake { get; } = new FakeKind();

    /// <summary>An executor in all decorators, listened to, which must change nothing of what the contract says.</summary>
    public static ExecutorKind Decorated(ExecutorKind inner) => new DecoratedKind(inner);

    /// <summary>A sandbox that allows or lacks something, so that a test can show what the rest is good for.</summary>
    internal static ExecutorKind BubblewrapWith(BubblewrapInternals? internals = null, ExecutionPolicy? policy = null) =>
        new BubblewrapKind(internals ?? new(), policy);

    public abstract bool IsIsolated { get; }

    /// <summary>Whether the work directory is in memory, and no folder of the host.</summary>
    public virtual bool IsInMemory => false;

    /// <summary>Whether a start costs so much that tests share what they have started.</summary>
    public bool StartsSlowly { get; init; }

    /// <summary>Makes an executor without starting it.</summary>
    public abstract ICodeExecutor Create(ExecutorSetup setup);

    /// <summary>Finds the work directory that an executor has made for itself, by a file in it; null when there is none.</summary>
    public virtual string? FindOwnWorkDirectory(string file) => Directory.EnumerateDirectories(Path.GetTempPath(), $"glovebox-{Environment.ProcessId}-work-*")
        .Select(folder => Path.Combine(folder, "work"))
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, file)));

    private sealed class BubblewrapKind(BubblewrapInternals internals, ExecutionPolicy? policy = null) : ExecutorKind
    {
        public override bool IsIsolated => true;

        public override ICodeExecutor Create(ExecutorSetup setup) => new BubblewrapCommandLineCodeExecutor(
            setup.Configured(new BubblewrapCommandLineCodeExecutorOptions
            {
                Policy = (policy ?? new()) with { Network = setup.Network ?? policy?.Network ?? NetworkAccess.SetupOnly },
                ReadOnlyPaths = [.. setup.VisibleFolders],
            }),
            internals,
            setup.LoggerFactory,
            setup.TimeProvider);
    }

    private sealed class LocalKind : ExecutorKind
    {
        public override bool IsIsolated => false;

        public override ICodeExecutor Create(ExecutorSetup setup) => new LocalCommandLineCodeExecutor(
            setup.Configured(new LocalCommandLineCodeExecutorOptions()),
            setup.LoggerFactory,
            setup.TimeProvider);
    }

    private sealed class DecoratedKind(ExecutorKind inner) : ExecutorKind
    {
        private const string Source = "Glovebox.Tests.Decorated";

        static DecoratedKind() => ActivitySource.AddActivityListener(new()
        {
            ShouldListenTo = source => source.Name == Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        });

        public override bool IsIsolated => inner.IsIsolated;

        public override bool IsInMemory => inner.IsInMemory;

        public override ICodeExecutor Create(ExecutorSetup setup) => inner.Create(setup).AsBuilder()
            .UseLogging(setup.LoggerFactory ?? new CollectingLogger(), enableSensitiveData: true)
            .UseOpenTelemetry(Source)
            .UseAudit(new CollectingSink(), o => o.IncludesCode = o.IncludesOutput = o.IncludesArguments = true)
            .UseApproval(_ => ApprovalDecision.Approve())
            .Build();
    }
}
