using Glovebox.Tests.Common.Contract;

namespace Glovebox.Tests.Contract.Executors;

// What starts, feeds, reads and ends a program without the agent. The files are the same folder as with it.
public sealed class BubblewrapPlainInterpreters() : InterpreterConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainProcesses() : ProcessConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainKills() : KillConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainStreams() : StreamConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainGuestInput() : GuestInputConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainFloods() : FloodConformance(ExecutorKind.BubblewrapPlain);

public sealed class BubblewrapPlainExecutionOptions() : ExecutionOptionConformance(ExecutorKind.BubblewrapPlain)
{
    [Fact]
    public async Task Standard_input_is_refused()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapPlain);
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => session.Executor.ExecuteCodeBlocksAsync(
            [new("bash", "cat")], new() { StandardInput = new byte[1] }, TestContext.Current.CancellationToken));
        Assert.Equal("standard-input-unavailable", e.Code);
    }
}
