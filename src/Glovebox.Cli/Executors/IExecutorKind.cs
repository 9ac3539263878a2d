using Glovebox.Cli.Run;

namespace Glovebox.Cli.Executors;

/// <summary>A kind of executor that the tool offers. To add one, write one of these and name it in <see cref="ExecutorKinds"/>.</summary>
internal interface IExecutorKind
{
    /// <summary>What <c>--executor</c> calls it.</summary>
    string Name { get; }

    /// <summary>Whether <c>auto</c> may take it: it keeps guest code away from the host.</summary>
    bool IsAutomatic { get; }

    /// <summary>The options that it can honour.</summary>
    ExecutorOptions Takes { get; }

    /// <summary>Makes an executor; nothing is started yet.</summary>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    ICodeExecutor Create(RunRequest request);

    /// <summary>Tries whether it works on this machine.</summary>
    Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken);
}

/// <summary>Options of <c>glovebox run</c> that not every executor can honour.</summary>
[Flags]
internal enum ExecutorOptions
{
    None = 0,
    Image = 1,
    Network = 2,
    Memory = 4,
    Cpus = 8,
}
