using Glovebox.Environments;
using Glovebox.Guest;

namespace Glovebox.Docker.Containers;

/// <summary>A container whose first process is the guest agent.</summary>
/// <param name="channel">The stream to it.</param>
/// <param name="endContainer">Ends the container by force.</param>
internal sealed class AgentGuest(Stream channel, Action endContainer) : IContainerGuest
{
    /// <summary>How long the agent may take to end a run before the whole container is ended.</summary>
    private static readonly TimeSpan LongestKill = TimeSpan.FromMilliseconds(600);

    public bool IsRunning => !Agent.Ended.IsCompleted;

    public IWorkspace Files => field ??= new GuestWorkspace(Agent);

    public bool CanFilter => Hello.CanFilter;

    /// <summary>What the agent said of itself.</summary>
    public GuestHello Hello { get; set; } = new("", false, []);

    public GuestAgentClient Agent { get; } = new(channel);

    public async Task<ProcessExit?> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill)
    {
        // The agent is guest code's neighbour: when it does not answer, the container goes.
        using CancellationTokenSource giveUp = new();
        CancellationTokenRegistration late = giveUp.Token.UnsafeRegister(static s => ((Action)s!)(), endContainer);
        CancellationTokenRegistration asked = kill.UnsafeRegister(static s => ((CancellationTokenSource)s!).CancelAfter(LongestKill), giveUp);
        await using (late.ConfigureAwait(false))
        await using (asked.ConfigureAwait(false))
        {
            return await Agent.RunAsync(command, output, kill).ConfigureAwait(false);
        }
    }

    public Task<ProcessExit?> RunSetupAsync(string command, IOutputSink output, CancellationToken kill) =>
        Agent.RunAsync(new GuestCommand(["sh"], ["-c", command]), output, kill, isSetup: true);

    public Task<string> SealAsync(IReadOnlyList<string> preload, CancellationToken cancellationToken) => Agent.SealAsync(preload, cancellationToken);

    public ValueTask DisposeAsync() => Agent.DisposeAsync();
}
