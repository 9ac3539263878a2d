using Glovebox.Environments;

namespace Glovebox.Docker.Containers;

/// <summary>What runs programs in a container: the guest agent, or the engine itself where there is no agent.</summary>
internal interface IContainerGuest : IAsyncDisposable
{
    /// <summary>Whether the container still takes programs.</summary>
    bool IsRunning { get; }

    /// <summary>Whether it can filter the system calls of guest code itself.</summary>
    bool CanFilter { get; }

    /// <summary>The files of the work directory, reached with no more rights than guest code has.</summary>
    IWorkspace Files { get; }

    /// <summary>Runs a program of the guest; null when the container ended with it.</summary>
    Task<ProcessExit?> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill);

    /// <summary>Runs a shell command as root, before guest code does; null when the container ended with it.</summary>
    Task<ProcessExit?> RunSetupAsync(string command, IOutputSink output, CancellationToken kill);

    /// <summary>Ends the set-up.</summary>
    /// <returns>The modules that could not be preloaded, a line each; empty when all were.</returns>
    /// <exception cref="CodeExecutionException">It cannot be ended: nothing may run.</exception>
    Task<string> SealAsync(IReadOnlyList<string> preload, CancellationToken cancellationToken);
}
