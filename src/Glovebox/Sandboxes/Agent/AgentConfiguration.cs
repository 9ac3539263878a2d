namespace Glovebox.Sandboxes.Agent;

/// <summary>What the agent is told at its start.</summary>
/// <param name="AddressSpace">The address space of each guest process in bytes, or 0 where a cgroup limits memory.</param>
/// <param name="Processes">The processes of the guest's user, or 0 where a cgroup limits them.</param>
/// <param name="WorkDirectory">Where programs run and files are, as the guest sees it.</param>
/// <param name="Variables">Environment variables of guest programs that the caller named.</param>
internal sealed record AgentConfiguration(
    long AddressSpace, long Processes, string WorkDirectory, IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>The user that guest code runs as, where the agent is root; otherwise it is the agent's user.</summary>
    public UserId User { get; init; }

    /// <summary>The path of a socket on which the agent waits for the next host when this one has gone; empty: it ends with the host.
    /// The socket's folder must be one that guest code cannot enter.</summary>
    public string Listen { get; init; } = "";

    /// <summary>The program of seccomp(2) that the agent puts on itself, and so on all that it starts, at the seal; empty where the
    /// sandbox filters system calls from the beginning.</summary>
    public byte[] Filter { get; init; } = [];

    /// <summary>Whether the agent sends its program as Python has compiled it.</summary>
    public bool SendsProgram { get; init; }
}

/// <summary>What the agent says of itself.</summary>
/// <param name="PythonVersion">The version of its interpreter.</param>
/// <param name="CanFilter">Whether it can put a filter of system calls on itself.</param>
/// <param name="CompiledAgent">Its program, as this version of Python runs it without compiling it; empty unless asked for.</param>
internal sealed record AgentHello(string PythonVersion, bool CanFilter, byte[] CompiledAgent);
