using Glovebox.Sandboxes.Agent;

namespace Glovebox.Docker.Containers;

/// <summary>A started container whose set-up goes on. Its first process is the guest agent (<see cref="AgentSetup"/>), or a shell that
/// stays where there is no Python (<see cref="ExecPrograms"/>).</summary>
internal abstract class ContainerSetup : IAsyncDisposable
{
    /// <summary>The agent; null where there is no Python.</summary>
    public virtual AgentClient? Agent => null;

    /// <summary>Completes when the container takes no more programs.</summary>
    public abstract Task Ended { get; }

    /// <summary>Whether its first process can filter the system calls of guest code itself.</summary>
    public virtual bool CanFilter => false;

    /// <summary>The files of the work directory, reached from inside with no more rights than guest code has.</summary>
    public abstract IWorkspace Workspace { get; }

    /// <summary>Runs a shell command as root, before guest code does.</summary>
    /// <returns>Its exit code, and what it said last.</returns>
    public async Task<(int ExitCode, string Said)> RunAsRootAsync(string command, CancellationToken cancellationToken)
    {
        BoundedText said = new();
        ProcessExit? exit = await RunAsRootAsync(command, said, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return (exit?.ExitCode ?? 137, exit?.Message + said);
    }

    /// <summary>Ends the set-up.</summary>
    /// <returns>The modules that could not be preloaded, a line each; empty when all were.</returns>
    /// <exception cref="CodeExecutionException">It cannot be ended: nothing may run.</exception>
    public abstract Task<string> SealAsync(SandboxRequest request, CancellationToken cancellationToken);

    /// <summary>Makes the sandbox, which owns what this had.</summary>
    public abstract ISandbox Complete(SandboxPlace place, SandboxCapabilities capabilities);

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs a shell command as root; null when the container ended with it.</summary>
    protected abstract Task<ProcessExit?> RunAsRootAsync(string command, IOutputSink output, CancellationToken kill);
}

/// <summary>The set-up of a container with the guest agent.</summary>
internal sealed class AgentSetup(AgentClient agent, bool canFilter) : ContainerSetup
{
    public override AgentClient Agent => agent;

    public override Task Ended => agent.Ended;

    public override bool CanFilter => canFilter;

    public override IWorkspace Workspace => new GuestWorkspace(agent);

    public override Task<string> SealAsync(SandboxRequest request, CancellationToken cancellationToken) =>
        agent.SealAsync(request, cancellationToken);

    public override ISandbox Complete(SandboxPlace place, SandboxCapabilities capabilities) => new AgentSandbox(agent, place, capabilities);

    public override ValueTask DisposeAsync() => agent.DisposeAsync();

    protected override Task<ProcessExit?> RunAsRootAsync(string command, IOutputSink output, CancellationToken kill) =>
        agent.RunAsync(new ProcessRequest(["sh"], ["-c", command]) { Output = output }, kill, isSetup: true);
}
