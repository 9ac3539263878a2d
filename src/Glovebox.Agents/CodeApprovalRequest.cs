using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>What is known when an agent is about to run code.</summary>
/// <param name="Blocks">What would run, in order, each under its language's canonical name: <c>python</c>, however the model spelled
/// it.</param>
/// <param name="Messages">The conversation up to this code, the message that holds it included.</param>
public sealed record CodeApprovalRequest(IReadOnlyList<CodeBlock> Blocks, IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>For each block, the names of the program that would run it, in order of preference; empty where a living interpreter runs
    /// it.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Programs { get; init; } = [];
}
