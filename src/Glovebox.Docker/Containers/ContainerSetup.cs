using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agentless;

namespace Glovebox.Docker.Containers;

/// <summary>A started container whose set-up goes on. Its first process is the guest agent, or a shell that stays where there is no
/// Python.</summary>
internal abstract class ContainerSetup : IAsyncDisposable
{
    /// <summary>The agent; null where there is no Python.</summary>
    public abstract AgentClient? Agent { get; }

    public bool HasAgent => Agent is not null;

    /// <summary>Whether the container still takes programs.</summary>
    public abstract bool IsRunning { get; }

    /// <summary>Whether its first process can filter the system calls of guest code itself.</summary>
    public abstract bool CanFilter { get; }

    /// <summary>The files of the work directory, reached from inside with no more rights than guest code has.</summary>
    public abstract IWorkspace Files { get; }

    /// <summary>Runs a shell command as root, before guest code does; null when the container ended with it.</summary>
    public abstract Task<ProcessExit?> RunAsRootAsync(string command, IOutputSink output, CancellationToken kill);

    /// <summary>Ends the set-up.</summary>
    /// <returns>The modules that could not be preloaded, a line each; empty when all were.</returns>
    /// <exception cref="CodeExecutionException">It cannot be ended: nothing may run.</exception>
    public abstract Task<string> SealAsync(IReadOnlyList<string> preload, CancellationToken cancellationToken);

    /// <summary>Makes the sandbox, which owns what this had.</summary>
    public abstract ISandbox Complete(SandboxPlace place, SandboxCapabilities capabilities);

    public abstract ValueTask DisposeAsync();

    /// <summary>A container with the guest agent.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="hello">What it said of itself.</param>
    public sealed class WithAgent(AgentClient agent, AgentHello hello) : ContainerSetup
    {
        public override AgentClient Agent => agent;

        public override bool IsRunning => !agent.Ended.IsCompleted;

        public override bool CanFilter => hello.CanFilter;

        public override IWorkspace Files => new GuestWorkspace(agent);

        public override Task<ProcessExit?> RunAsRootAsync(string command, IOutputSink output, CancellationToken kill) =>
            agent.RunAsync(new ProcessRequest(["sh"], ["-c", command]) { Output = output }, kill, isSetup: true);

        public override Task<string> SealAsync(IReadOnlyList<string> preload, CancellationToken cancellationToken) =>
            agent.SealAsync(preload, cancellationToken);

        public override ISandbox Complete(SandboxPlace place, SandboxCapabilities capabilities) =>
            new AgentSandbox(agent, place, capabilities);

        public override ValueTask DisposeAsync() => agent.DisposeAsync();
    }

    /// <summary>A container in which the engine starts each program.</summary>
    /// <param name="programs">Starts them.</param>
    public sealed class WithoutAgent(ExecPrograms programs) : ContainerSetup
    {
        public override AgentClient? Agent => null;

        public override bool IsRunning => !programs.Ended.IsCompleted;

        public override bool CanFilter => false;

        public override IWorkspace Files => programs.Files;

        public override Task<ProcessExit?> RunAsRootAsync(string command, IOutputSink output, CancellationToken kill) =>
            programs.RunAsRootAsync(["/bin/sh", "-c", command], output, kill);

        public override async Task<string> SealAsync(IReadOnlyList<string> preload, CancellationToken cancellationToken)
        {
            await programs.SealAsync(cancellationToken).ConfigureAwait(false);
            return preload.Count == 0 ? "" : "the image has no Python";
        }

        public override ISandbox Complete(SandboxPlace place, SandboxCapabilities capabilities) =>
            new AgentlessSandbox(place, programs, place.Files ?? programs.Files, capabilities);

        public override ValueTask DisposeAsync() => programs.DisposeAsync();
    }
}
