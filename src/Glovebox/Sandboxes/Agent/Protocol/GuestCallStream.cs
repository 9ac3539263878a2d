namespace Glovebox.Sandboxes.Agent;

/// <summary>A connection of guest code to the socket for calls.</summary>
internal sealed class GuestCallStream(AgentClient agent, uint number) : GuestStream(Window, agent.FrameWork)
{
    public const int Window = 128 << 10;

    private volatile bool _ended;

    /// <summary>Whether a server has taken it.</summary>
    public bool IsServed { get; set; }

    /// <summary>Takes a frame of the agent. Called by the thread that reads the channel; never waits.</summary>
    /// <exception cref="GuestProtocolException">The agent sends more than it may.</exception>
    public void Handle(GuestFrameType type, GuestFrameReader frame)
    {
        switch (type)
        {
            case GuestFrameType.CallData:
                Receive(frame.Rest);
                break;
            case GuestFrameType.CallCredited:
                Grant(frame.UInt32());
                break;
            case GuestFrameType.CallClosed:
                End();
                break;
        }
    }

    /// <summary>The connection has ended, or the channel has.</summary>
    public void End()
    {
        _ended = true;
        EndReads(null);
        EndWrites(new IOException("The connection has ended."));
    }

    protected override Task SendAsync(GuestFrameWriter data) => agent.TellAboutCallAsync(GuestFrameType.CallWrite, number, data);

    protected override Task SendGrantAsync(GuestFrameWriter count) => agent.TellAboutCallAsync(GuestFrameType.CallCredit, number, count);

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_ended)
        {
            // The agent says when it is closed; until then it counts.
            _ = agent.TellAboutCallAsync(GuestFrameType.CallClose, number, new GuestFrameWriter());
        }

        base.Dispose(disposing);
    }
}
