namespace Glovebox.Sandboxes.Agent;

/// <summary>What the agent does only to save time. Results are the same without; <c>docs/performance.md</c> says what each saves.</summary>
[Flags]
internal enum Shortcuts
{
    None = 0,

    /// <summary>The interpreter of a script exits once what the script made is cleared.</summary>
    EndEarly = 1,

    /// <summary>The process of the next block is forked ahead of time.</summary>
    ForkAhead = 2,

    /// <summary>Later sandboxes start the agent that the first one has compiled.</summary>
    CompiledAgent = 4,

    All = EndEarly | ForkAhead | CompiledAgent,
}
