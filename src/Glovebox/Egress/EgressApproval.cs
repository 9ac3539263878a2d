namespace Glovebox.Egress;

/// <summary>What is asked when guest code wants to reach a host that no rule allows.</summary>
public sealed class EgressApproval
{
    internal EgressApproval(string host, int port) => (Host, Port) = (host, port);

    /// <summary>Gets the host's name in lower case. Guest code chose it.</summary>
    public string Host { get; }

    /// <summary>Gets the port.</summary>
    public int Port { get; }
}
